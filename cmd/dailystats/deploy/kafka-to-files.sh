#!/bin/sh
# Copies what is new in a Kafka topic to files, each message exactly once:
#
#   BROKER=kafka:9092 TOPIC=events kafka-to-files.sh /data/kafka
#
# events-0-00000000000000001234.jsonl is what partition 0 had before offset 1234 and
# behind the file before it. So messages and offset appear together, in one rename,
# and the next run goes on where the last file ends. Nothing is committed to the broker. A run that is killed leaves no
# file, and one that comes late takes more at once. If it comes so late that the
# broker has deleted messages that were not copied, it fails. Give one folder to one
# topic, and keep the files until their events have been counted.
#
# A message has to be one line of JSON. KCAT_CONFIG names a file with what kcat
# needs to know of the broker, such as its certificates.
set -eu
: "${BROKER:=localhost:9092}" "${TOPIC:=events}"
folder=${1:?"which folder?"}
work=$folder/.unfinished # a folder: dailystats takes the files of a folder, hidden ones too
mkdir -p "$work"
exec 9>"$work/lock"
flock --nonblock 9 || { echo "kafka-to-files: $folder: another run is at it" >&2; exit 1; }
trap 'rm -f "$work/messages" "$work/lines"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# copy PARTITION copies what follows the last file of a partition.
copy() {
	start=beginning
	for file in "$folder/$TOPIC-$1-"[0-9]*.jsonl; do # in order of their offsets
		[ -e "$file" ] || continue
		start=${file##*-}
		start=$(expr "${start%.jsonl}" + 0)
	done
	# To a file first: a pipe would hide that kcat failed. Each message is followed by
	# its offset: that of the last one says where the next run starts.
	kcat -C -q -e -b "$BROKER" -t "$TOPIC" -p "$1" -o "$start" \
		-X auto.offset.reset=error -f '%s\t%o\n' >"$work/messages"
	[ -s "$work/messages" ] || return 0
	last=$(tail -n 1 "$work/messages" | sed 's/.*\t//')
	sed 's/\t[0-9]*$//' "$work/messages" >"$work/lines"
	sync "$work/lines"
	mv "$work/lines" "$folder/$TOPIC-$1-$(printf %020d $((last + 1))).jsonl"
}

partitions=$(kcat -L -b "$BROKER" -t "$TOPIC" | sed -n 's/^ *partition \([0-9]*\),.*/\1/p')
[ -n "$partitions" ] || { echo "kafka-to-files: no topic $TOPIC on $BROKER" >&2; exit 1; }
for partition in $partitions; do
	copy "$partition"
done
