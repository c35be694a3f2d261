/* Giving up rights before the first foreign byte is read.  Each worker calls one of these once, single
 * threaded, when it has everything open that it needs; there is no way back.  All of them: no new
 * privileges by exec, not traceable and no core (passwords are in memory), system calls that nobody here
 * needs fail.  Root only. */
#pragma once

#include "base/error.h"

/* The fetcher: the host's network; nobody's user id, no capabilities; every filesystem read-only. */
bool confine_to_network(struct error *err);

/* The unpacker and the remover: nothing but this folder, which becomes the root; no network; only what
 * owners, modes, devices and xattrs need. */
bool confine_to_folder(int folder, struct error *err);

/* The packer: reads folders whose descriptors come over the control socket, whoever owns what is in them;
 * no network, nothing else that can be written. */
bool confine_to_reading(struct error *err);

/* Readers of archives: nothing but the descriptors that are open or come over the control socket. */
bool confine_to_descriptors(struct error *err);

/* The TLS worker: the sockets that are open, those that they accept, and pairs; no other network. */
bool confine_to_sockets(struct error *err);

/* Who looks into a container, or writes into it: the root is the container's already, in a mount namespace
 * of the worker's own.  Nothing in there can be executed or mapped as code, no device opened; nothing can
 * be written but when `writing`; no network. */
bool confine_to_root(bool writing, struct error *err);
