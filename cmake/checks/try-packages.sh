#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# try-packages.sh FOLDER: run as root in a fresh Debian, installs the packages in FOLDER and uses them:
# first the command alone, then what developers get, without oneDNN's own development files.
set -euo pipefail
folder=${1:?usage: try-packages.sh FOLDER}
cd "$folder"
export DEBIAN_FRONTEND=noninteractive

step() { printf '\n--- %s\n' "$*"; }

step "the command"
apt-get update -qq
apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends ./carousel-tools_*.deb ./libcarousel0*.deb
carousel --version
carousel backends
carousel check amp.safetensors
carousel check lstm.onnx
ldconfig -p | grep libcarousel
test -s /usr/share/man/man1/carousel.1.gz

step "from Python"
apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends ./python3-carousel_*.deb >/dev/null
python3 -c 'import carousel
report = carousel.check(carousel.load("amp.safetensors"))
print(report)
assert report.ok'

step "a C++ application by CMake, a C one by pkg-config"
apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends g++ cmake make pkgconf ./libcarousel-dev_*.deb >/dev/null
if [[ -e /usr/include/dnnl.h ]]; then
  echo "oneDNN's headers are here, so this proves nothing"
  exit 1
fi
cmake -S embed -B build-embed >/dev/null
cmake --build build-embed
build-embed/embed amp.safetensors
read -ra flags < <(pkg-config --cflags --libs carousel)
gcc -std=c11 main.c "${flags[@]}" -lm -o c11
./c11

step "removing it all"
apt-get purge -y -qq -o Dpkg::Use-Pty=0 python3-carousel carousel-tools libcarousel-dev 'libcarousel0*' >/dev/null
if ldconfig -p | grep libcarousel; then
  echo "something of it is left"
  exit 1
fi
