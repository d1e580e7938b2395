#!/bin/bash
# Workers of one search as a SLURM array: every task is a worker of the study in PostgreSQL.
#
#   sbatch --array=0-15 slurm.sh [more options of hass search]
#
# All workers must have the same processor type (--constraint). More tasks may be submitted later, with other task numbers. A task that is
# killed, requeued or out of time loses at most its running trial: the next worker that is free takes it over.
#
#SBATCH --job-name=hass-search
#SBATCH --array=0-15
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=08:00:00
#SBATCH --requeue
#SBATCH --output=hass-search-%A_%a.log
set -euo pipefail

# What is searched. Every worker needs the same values.
HASS=${HASS:-hass}                 # the program, on every node
MODEL=${MODEL:-model.onnx}
CALIB=${CALIB:-calib.toml}         # calibration images
TEST=${TEST:-}                     # labelled test images, on which the front is measured at the end, or nothing
PLATFORM=${PLATFORM:-zcu104}
EVALS=${EVALS:-96}
BATCH=${BATCH:-16}                 # the study is the same for any number of workers
NAME=${NAME:-search}

# Where the study is: a URL without a password. The password comes from PGPASSWORD in the environment of sbatch, or from the file
# ~/.pgpass (PGPASSFILE), which only you can read.
: "${STUDY:?set STUDY to the database, for example postgres://user@host/hass}"
case ${STUDY#*://} in
*:*@*|*password=*) echo "STUDY holds a password; put it into PGPASSWORD or ~/.pgpass instead" >&2; exit 2 ;;
esac

task=${SLURM_ARRAY_TASK_ID:?run me with sbatch --array}
args=("$MODEL" --calib "$CALIB" --platform "$PLATFORM" --evals "$EVALS" --batch "$BATCH"
  --study "$STUDY" --name "$NAME" --resume
  --worker "slurm ${SLURM_ARRAY_JOB_ID}_$task run ${SLURM_RESTART_COUNT:-0} on ${SLURMD_NODENAME:-$(hostname)}")
# One worker measures the front: all wait for the last trial, and the others would do the same work again.
if [ -n "$TEST" ] && [ "$task" = "${SLURM_ARRAY_TASK_MIN:-0}" ]; then
  args+=(--test "$TEST")
fi
export GOMAXPROCS=${SLURM_CPUS_PER_TASK:-1}

# hass takes the place of the shell, so that it gets SLURM's signals: on SIGTERM it gives its trial back at once.
exec "$HASS" search "${args[@]}" "$@"
