"""The real programs the benchmarks run: their input and their command line, nothing about measuring."""
import os
import subprocess

JSON = """
import json
data = [{"id": i, "name": "item %%d" %% i, "tags": ["a", "b", str(i)], "value": i * 0.5} for i in range(4000)]
for _ in range(%d):
    json.loads(json.dumps(data))
"""

PERL = r"""
my %%seen; my $text = 0;
for my $round (1 .. %d) {
    for my $i (1 .. 60000) {
        my $key = "key" . ($i * 7919 %% 30011);
        push @{$seen{$key}}, { number => $i, name => "item $i of $round" };
        if (@{$seen{$key}} > 5) { my $old = shift @{$seen{$key}}; $text += length $old->{name}; }
    }
    my @sorted = sort { $a cmp $b } map { join ",", $_, scalar @{$seen{$_}} } keys %%seen;
    $text += length join "\n", @sorted;
}
print "$text\n";
"""

NODE = """
let total = 0;
for (let round = 0; round < %d; round++) {
  const parts = [];
  for (let i = 0; i < 20000; i++) parts.push({id: i, name: 'item ' + i, data: Buffer.alloc(64 + i %% 4000, i)});
  total += JSON.stringify(parts.map(p => [p.id, p.name, p.data.length])).length;
  total += Buffer.concat(parts.filter(p => p.id %% 10 == 0).map(p => p.data)).length;
}
console.log(total);
"""


def python_json(rounds):
    return ["/usr/bin/python3", "-c", JSON % rounds]


def perl(rounds):
    return ["/usr/bin/perl", "-e", PERL % rounds]


def node(rounds):
    return ["node", "-e", NODE % rounds]


def sqlite(directory, rows):
    """Inserts, an index and two queries, all in memory."""
    sql = os.path.join(directory, f"sqlite-{rows}.sql")
    with open(sql, "w") as out:
        out.write("create table t(a integer primary key, b text, c real);\nbegin;\n"
                  f"with recursive n(i) as (select 1 union all select i+1 from n where i<{rows})\n"
                  "insert into t select i, 'row number ' || i, i*0.25 from n;\ncommit;\n"
                  "create index tb on t(b);\nselect count(*), sum(length(b)), avg(c) from t where b like '%7%';\n"
                  "select substr(b,1,12) g, count(*) from t group by g order by 2 desc limit 5;\n")
    return ["sqlite3", ":memory:", ".read " + sql]


def compiler(directory, functions=30):
    """The C++ compiler proper, on a source that is mostly templates."""
    source = os.path.join(directory, f"compiled-{functions}.cc")
    with open(source, "w") as out:
        out.write("#include <algorithm>\n#include <map>\n#include <regex>\n#include <string>\n#include <vector>\n")
        for i in range(functions):
            out.write(f"std::map<int, std::vector<std::string>> m{i};\n"
                      f"int f{i}(const std::string &s) {{ m{i}[{i}].push_back(s); std::sort(m{i}[{i}].begin(), "
                      f"m{i}[{i}].end()); return (int)m{i}.size(); }}\n")
    multiarch = subprocess.run(["g++", "-print-multiarch"], capture_output=True, text=True, check=True)
    path = subprocess.run(["g++", "-print-prog-name=cc1plus"], capture_output=True, text=True, check=True)
    return [path.stdout.strip(), "-quiet", "-imultiarch", multiarch.stdout.strip(), "-O1", source, "-o", os.devnull]
