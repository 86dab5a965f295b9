#!/usr/bin/env bash
# What more recordings and more synthetic speech are worth: small networks that differ only
# in what they hear, and the word error rate of each. Run it from the repository's root:
#
#   REAL="FOLDER:WEIGHT ..." SYNTHETIC="FOLDER ..." training/runs/curves.sh \
#       WORK EVALUATION_SET EVALUATION.jsonl LANGUAGE.safetensors
#
# All folders are prepared sets; EVALUATION_SET holds the recordings of EVALUATION.jsonl. Each
# network hears HOURS of augmented speech, however few recordings that is made of. What is
# done stays: it may be started again.
set -euo pipefail

work=$1 evaluation=$2 manifest=$3 language=$4
python=${PYTHON:-python}
hours=${HOURS:-12}
export PYTHONPATH=src${PYTHONPATH:+:$PYTHONPATH}
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-active}
mkdir -p "$work"

measure() { # NAME SET...: train a network, then find words with it
    local run=$work/$1
    shift
    if [ ! -e "$run/rates.txt" ]; then
        "$python" -m training.train "$run" --set "$@" --hours "$hours" --layers 6 --width 144 \
            --dropout 0 --augmented 0.5 ${NOISE:+--noise "$NOISE"} >>"$run.log"
        "$python" -m training.answers "$run/average.pt" "$evaluation" "$run/answers.npz" >>"$run.log"
        "$python" -m training.tune --language "$language" --log-probs "$run/answers.npz" \
            --manifest "$manifest" --set lm_scale=0.6,1.0 --set blank_cost=0.8,1.5 \
            >"$run/rates.txt"
    fi
    echo "$(basename "$run"): WER $(grep -o 'WER *[0-9.]*' "$run/rates.txt" | sort -nk2 | head -1 |
        grep -o '[0-9.]*') %, $(grep -ho "'phone_errors': [0-9.]*" "$run.log" | tail -1)"
}

synthetic() { # SHARE: the synthetic sets with weights that make this share of all
    awk -v real="$REAL" -v voices="$SYNTHETIC" -v share="$1" 'BEGIN {
        count = split(real, sets, " ")
        for (i = 1; i <= count; i++) { split(sets[i], parts, ":"); sum += parts[2] }
        count = split(voices, sets, " ")
        for (i = 1; i <= count; i++) print sets[i] ":" sum * share / (1 - share) / count
    }'
}

for share in 0.1 0.3 1; do
    sets=()
    for set in $REAL; do sets+=("$set:$share"); done
    measure "real-$share" "${sets[@]}"
done
for share in 0.5 0.99; do
    # shellcheck disable=SC2046
    measure "synthetic-$share" $REAL $(synthetic "$share")
done
