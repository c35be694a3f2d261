#!/bin/sh
id -u; id -g; cat greeting.txt made-by; stat -c %U:%G greeting.txt
