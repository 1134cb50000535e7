#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Photographs every page with scripts/screenshots and looks at the pictures: there, of the size asked
# for, with something on them, each page unlike the others, light and dark as their names say.
#   pictures.sh BIN-FOLDER PICTURE-FOLDER
set -euo pipefail
bin=$1
folder=$2
size=1180x740
script=$(dirname "$0")/../../../scripts/screenshots

for tool in Xvfb identify; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: scripts/packages screenshots" >&2; exit 1; }
done
rm -rf "$folder"
"$script" "$folder" --bin "$bin" --size "$size" --settle 5 --history 5

failed=0
complain() {
    echo "pictures: $1" >&2
    failed=1
}
declare -A seen
for page in overview rooms clients nodes tasks services log; do
    for theme in light dark; do
        picture=$folder/$page-$theme.png
        [[ -s $picture ]] || { complain "$picture is missing"; continue; }
        read -r is colours brightness signature < <(
            identify -format '%wx%h %k %[fx:int(100*mean)] %#\n' "$picture")
        [[ $is == "$size" ]] || complain "$picture is $is, not $size"
        # A blank picture has one colour; smoothed text and icons bring a page well over a thousand.
        [[ $colours -gt 300 ]] || complain "$picture has $colours colours only"
        [[ -z ${seen[$signature]:-} ]] || complain "$picture is the same as ${seen[$signature]}"
        seen[$signature]=$picture
        case $theme in
        light) [[ $brightness -gt 60 ]] || complain "$picture is dark: $brightness of 100" ;;
        dark) [[ $brightness -lt 40 ]] || complain "$picture is light: $brightness of 100" ;;
        esac
        echo "$page-$theme: $is, $colours colours, brightness $brightness"
    done
done
exit "$failed"
