#!/bin/sh
# Dumps of the database, in BACKUP_DIR (here, unless given): parley-20261127T020000Z.dump and so on, of which the newest
# BACKUP_KEEP (14) stay. A dump gets its name only once it was read back to its end.
#
#   backup.sh                 makes one now; for cron and systemd timers
#   backup.sh --every HOURS   makes one whenever the newest is HOURS old, until it is told to stop
#   backup.sh --check HOURS   code 0 where the newest is not more than twice HOURS old
#
# Which database is said by DATABASE_URL, by the file that DATABASE_URL_FILE names, or by PGHOST, PGUSER, PGPASSWORD and PGDATABASE.
# pg_dump must not be older than the server.
set -eu
umask 077 # a dump holds messages in plain text

folder=${BACKUP_DIR:-.}
keep=${BACKUP_KEEP:-14}

fail() {
  echo "backup.sh: $1" >&2
  exit 64
}

whole() {
  case $2 in
    '' | *[!0-9]* | 0*) fail "$1 is '$2'; expected a whole number from 1 on" ;;
  esac
}

# In minutes. Dumps of before a restart of this script count: it would push the old ones out otherwise.
has_younger_than() {
  [ -n "$(find "$folder" -maxdepth 1 -name 'parley-*.dump' -mmin "-$1" | head -n 1)" ]
}

make_dump() {
  name=parley-$(date -u +%Y%m%dT%H%M%SZ).dump
  partial=$folder/.$name.$$
  # Read back to its end: what cannot be read is no backup.
  if pg_dump --format=custom --file="$partial" ${DATABASE_URL:+"$DATABASE_URL"} &&
    pg_restore --file=/dev/null "$partial" &&
    mv "$partial" "$folder/$name"; then
    partial=
    echo "backup.sh: $name, $(wc -c <"$folder/$name") bytes"
    drop_old
  else
    rm -f "$partial"
    partial=
    echo "backup.sh: there is no new dump" >&2
    return 1
  fi
}

drop_old() {
  # Their names sort by their time.
  find "$folder" -maxdepth 1 -name 'parley-*.dump' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
    rm -f "$old"
  done
  # Of runs that were ended by force.
  find "$folder" -maxdepth 1 -name '.parley-*.dump.*' -mtime +1 -exec rm -f {} \;
}

password_of() {
  printf '%s' "$1" |
    sed -n -e 's|.*[?&]password=\([^&]*\).*|\1|p' -e 's|^[a-z]*://[^:@/]*:\([^@/]*\)@.*|\1|p' | head -n 1
}

# What is percent-encoded, without that.
decode() {
  rest=$1
  while [ "$rest" != "${rest#*%}" ]; do
    printf '%s' "${rest%%\%*}"
    rest=${rest#*%}
    printf "\\$(printf '%03o' "0x${rest%"${rest#??}"}")"
    rest=${rest#??}
  done
  printf '%s' "$rest"
}

# However it ends, no half of a dump is left.
partial=
trap '[ -z "$partial" ] || rm -f "$partial"' EXIT
trap 'exit 143' TERM INT

if [ -n "${DATABASE_URL_FILE-}" ]; then
  [ -z "${DATABASE_URL-}" ] || fail 'DATABASE_URL and DATABASE_URL_FILE are both set; expected one of the two'
  DATABASE_URL=$(cat "$DATABASE_URL_FILE") || fail "DATABASE_URL_FILE is '$DATABASE_URL_FILE'; expected a file that can be read"
fi
# Everybody on this machine sees the arguments of pg_dump, and not what is in its environment.
password=$(password_of "${DATABASE_URL-}")
if [ -n "$password" ]; then
  PGPASSWORD=$(decode "$password")
  export PGPASSWORD
fi
# `schema` is the nodes' own; pg_dump refuses what it does not know, and takes all schemas.
DATABASE_URL=$(printf '%s' "${DATABASE_URL-}" |
  sed 's|^\([a-z]*://[^:@/]*\):[^@/]*@|\1@|; s/\([?&]\)password=[^&]*&*/\1/; s/\([?&]\)schema=[^&]*&*/\1/; s/[?&]$//')

whole BACKUP_KEEP "$keep"
[ -d "$folder" ] && [ -w "$folder" ] || fail "BACKUP_DIR is '$folder'; expected a folder that can be written to"

case ${1-} in
  '') make_dump ;;
  --check)
    whole --check "${2-}"
    has_younger_than $((2 * $2 * 60)) || {
      echo "backup.sh: the newest dump is more than twice $2 hours old, or there is none" >&2
      exit 1
    }
    ;;
  --every)
    whole --every "${2-}"
    sleeping=
    trap 'kill "$sleeping" 2>/dev/null || :; exit 0' TERM INT
    while :; do
      pause=60
      has_younger_than $(($2 * 60)) || make_dump || pause=600
      sleep "$pause" &
      sleeping=$!
      wait "$sleeping"
    done
    ;;
  *) fail "unknown argument '$1'" ;;
esac
