/* What services of the scenarios do: `shim_scenarios helper WORD...`, one word after the other.
 *
 *	=TEXT		send TEXT to NOTIFY_SOCKET; \n parts lines
 *	store=NAME	send a file in memory that holds NAME, to be stored under it
 *	barrier		send BARRIER=1, and wait until it is answered
 *	ping=MS		WATCHDOG=1 every so many ms, for ever
 *	chatter=N	N messages: a status, and by turns RELOADING=1 and READY=1
 *	touch=FILE	make the file
 *	sleep		for ever
 *	fds		append LISTEN_FDNAMES, and what each descriptor is or holds, to the file "rec"
 *	accept		take one connection of descriptor 3, and answer "hello"
 *	wait=FILE	until the file is there */
#pragma once

int unit_helper(int argc, char **argv);
