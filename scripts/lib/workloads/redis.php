<?php
// redis.php MODE PORT COUNT: phpredis, a connection for each request (connect) or one for all (keep).
[, $mode, $port, $count] = $argv;
$kept = new Redis();
$kept->connect('127.0.0.1', (int)$port);
$taken = [];
for ($i = -intdiv($count, 10); $i < $count; $i++) {
    $begin = hrtime(true);
    $redis = $kept;
    if ($mode === 'connect') {
        $redis = new Redis();
        $redis->connect('127.0.0.1', (int)$port);
    }
    $redis->get('key');
    if ($mode === 'connect') {
        $redis->close();
    }
    if ($i >= 0) {
        $taken[] = hrtime(true) - $begin;
    }
}
sort($taken);
printf("median %.3f\n", $taken[intdiv(count($taken), 2)] / 1000);
