// Records what Masterminds/semver says of ranges of versions. To ask it again about all of them:
//
//	record=../../../crates/registry/tests/cases/ranges.tsv
//	cut -f2- $record | go run . > again.tsv
//
// The first line of the input has the versions, each other one is a range. The output has the first
// line as it is, then for each range `1` or `0` for each version, or `!` where the range is refused,
// and the range.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/Masterminds/semver/v3"
)

func verdicts(text string, versions []*semver.Version) string {
	constraint, err := semver.NewConstraint(text)
	if err != nil {
		return "!"
	}
	var line strings.Builder
	for _, version := range versions {
		if constraint.Check(version) {
			line.WriteByte('1')
		} else {
			line.WriteByte('0')
		}
	}
	return line.String()
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	var versions []*semver.Version
	for lines.Scan() {
		if versions == nil {
			for _, word := range strings.Fields(lines.Text()) {
				version, err := semver.StrictNewVersion(word)
				if err != nil {
					panic(word)
				}
				versions = append(versions, version)
			}
			fmt.Println(lines.Text())
			continue
		}
		fmt.Printf("%s\t%s\n", verdicts(lines.Text(), versions), lines.Text())
	}
}
