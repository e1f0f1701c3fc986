"""What a build costs: CPU seconds by folder and the slowest files, from the lines of timed_compile.sh."""

import collections
import pathlib
import re
import sys


def main():
    seconds = {}
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        user, system, output = line.split(" ", 2)
        seconds[output] = (float(user), float(system))
    folders = collections.defaultdict(lambda: [0.0, 0])
    for output, (user, _) in seconds.items():
        folder = re.search(r"CMakeFiles/(\w+)\.dir", output)
        name = folder.group(1).removeprefix("winnow_") if folder else output
        folders[name][0] += user
        folders[name][1] += 1
    print(f"{'user s':>8}  {'files':>5}  folder")
    for name, (user, files) in sorted(folders.items(), key=lambda item: -item[1][0]):
        print(f"{user:8.1f}  {files:5}  {name}")
    print("\nThe 20 slowest files:")
    for output, (user, _) in sorted(seconds.items(), key=lambda item: -item[1][0])[:20]:
        print(f"{user:8.1f}  {re.sub(r'^.*CMakeFiles/[^/]*/', '', output)}")
    print(f"\n{sum(user for user, _ in seconds.values()):.0f} s user, "
          f"{sum(system for _, system in seconds.values()):.0f} s system, {len(seconds)} files")


if __name__ == "__main__":
    main()
