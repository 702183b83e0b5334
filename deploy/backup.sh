#!/bin/sh
# Dumps the database into BACKUP_DIR (default: the working directory) as parley-20261127T020000Z.dump and so on, and keeps the
# newest BACKUP_KEEP (14). A dump gets its name only after it was read back completely.
#
#   backup.sh                 makes a dump now; for cron and systemd timers
#   backup.sh --every HOURS   makes a dump whenever the newest is HOURS old, until stopped
#   backup.sh --check HOURS   code 0 if the newest is at most twice HOURS old
#
# The database is given by DATABASE_URL, by the file that DATABASE_URL_FILE names, or by PGHOST, PGUSER, PGPASSWORD and PGDATABASE.
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

# Takes minutes. Counts dumps from before a restart of this script too: otherwise restarts would push the old dumps out.
has_younger_than() {
  [ -n "$(find "$folder" -maxdepth 1 -name 'parley-*.dump' -mmin "-$1" | head -n 1)" ]
}

make_dump() {
  name=parley-$(date -u +%Y%m%dT%H%M%SZ).dump
  partial=$folder/.$name.$$
  # Read back completely: an unreadable dump is no backup.
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
  # The names sort by time.
  find "$folder" -maxdepth 1 -name 'parley-*.dump' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
    rm -f "$old"
  done
  # Leftovers of killed runs.
  find "$folder" -maxdepth 1 -name '.parley-*.dump.*' -mtime +1 -exec rm -f {} \;
}

password_of() {
  printf '%s' "$1" |
    sed -n -e 's|.*[?&]password=\([^&]*\).*|\1|p' -e 's|^[a-z]*://[^:@/]*:\([^@/]*\)@.*|\1|p' | head -n 1
}

# Decodes percent-encoding.
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

# Whatever ends the script, it leaves no partial dump behind.
partial=
trap '[ -z "$partial" ] || rm -f "$partial"' EXIT
trap 'exit 143' TERM INT

if [ -n "${DATABASE_URL_FILE-}" ]; then
  [ -z "${DATABASE_URL-}" ] || fail 'DATABASE_URL and DATABASE_URL_FILE are both set; expected one of the two'
  DATABASE_URL=$(cat "$DATABASE_URL_FILE") || fail "DATABASE_URL_FILE is '$DATABASE_URL_FILE'; expected a file that can be read"
fi
# Every user of this machine can see the arguments of pg_dump, but not its environment.
password=$(password_of "${DATABASE_URL-}")
if [ -n "$password" ]; then
  PGPASSWORD=$(decode "$password")
  export PGPASSWORD
fi
# Only the nodes know the parameter `schema`; pg_dump refuses unknown ones, and dumps all schemas.
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
