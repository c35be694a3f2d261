#!/bin/bash
# Fill the linked database "db". Its address and root password come from the link's environment.
set -u
host=${DB_PORT_3306_TCP_ADDR:?start me with --link <database>:db}
port=${DB_PORT_3306_TCP_PORT:-3306}
export MYSQL_PWD=${DB_ENV_MYSQL_ROOT_PASSWORD:?the linked database has no MYSQL_ROOT_PASSWORD}
sql() { mysql --host="$host" --port="$port" --user=root "$@"; }

for second in $(seq 60); do
    sql --execute 'SELECT 1' >/dev/null 2>&1 && break
    sleep 1
done
echo "Creating the world database"
sql < /usr/local/share/world_innodb.sql || exit 1
echo "Creating application user"
sql --execute "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'app'; GRANT SELECT ON world.* TO 'app'@'%'" || exit 1
echo "Counting rows in world.city"
sql --execute 'SELECT COUNT(*) FROM world.city'
exec sleep infinity
