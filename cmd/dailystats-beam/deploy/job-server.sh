# What the scripts beside this share: a job server of Beam, which takes a job from
# dailystats-beam and gives it to an engine. Sourced, not run.
# shellcheck shell=bash

endpoint=localhost:${JOB_PORT:-8099}

stop() { jobs -p | xargs -r kill 2>/dev/null || true; }
trap stop EXIT

# start_job_server ARTEFACT OPTION... gets one from Maven Central, starts it, and waits
# until it answers. Its log is job-server.log. It ends with the script.
start_job_server() {
	local version=${BEAM_VERSION:-2.77.0} # as in go.mod
	local jars=${XDG_CACHE_HOME:-$HOME/.cache}/dailystats-beam
	local jar=$jars/$1-$version.jar
	if [[ ! -e $jar ]]; then
		mvn -q -B dependency:copy -Dartifact="org.apache.beam:$1:$version" -DoutputDirectory="$jars"
	fi
	java -jar "$jar" --job-host localhost --job-port "${endpoint#*:}" --artifact-port 0 --expansion-port 0 "${@:2}" >job-server.log 2>&1 &
	local job_server=$!
	for ((i = 0; i < 60; i++)); do
		(: <"/dev/tcp/${endpoint/:/\/}") 2>/dev/null && return
		kill -0 "$job_server" 2>/dev/null || break
		sleep 1
	done
	echo 'the job server does not answer: see job-server.log' >&2
	exit 1
}
