#!/bin/sh
# Generate the passwords of compose.yaml into deploy/secrets, once: what is there is never replaced.
set -eu
umask 077
cd "$(dirname "$0")"
if [ -e secrets ]; then
    echo "deploy/secrets is there already; a database keeps the password of its first start" >&2
    exit 1
fi
word() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
neo4j=$(word)
postgres=$(word)
mkdir secrets.part
printf 'neo4j/%s\n' "$neo4j" >secrets.part/neo4j_auth
printf '%s\n' "$neo4j" >secrets.part/neo4j_password
printf '%s\n' "$postgres" >secrets.part/postgres_password
printf 'NIF_QUEUE=postgresql://nif:%s@postgres:5432/nif\n' "$postgres" >secrets.part/nif_settings
# The images' user must be the files' owner, since only their owner may read them.
uid=$(id -u)
if [ "$uid" = 0 ]; then
    uid=10001
    chown "$uid" secrets.part secrets.part/*
fi
printf 'HOST_UID=%s\n' "$uid" >../.env
mv secrets.part secrets
