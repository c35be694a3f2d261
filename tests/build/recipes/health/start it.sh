#!/bin/sh
mkdir -p /www && echo "$1" >/www/index.html
exec busybox httpd -f -p "$PORT" -h /www
