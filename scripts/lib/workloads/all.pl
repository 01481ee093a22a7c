# Regexes, hashes, sort, fork, pipes, sockets, files; prints only what is always the same.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use IO::Socket::INET;
use POSIX ();

$| = 1;
my $scale = shift // 1;

my %count;
my $seed = 1;
for (1 .. 100_000 * $scale) {
    $seed = ($seed * 1103515245 + 12345) & 0x7fffffff;
    $count{ "k" . ($seed % 5003) }++;
}
my @top = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "hash ", scalar(@top), " $top[0] ", sha256_hex("@top"), "\n";

my $text = join " ", map { "word$_ " . ($_ * 37 % 1009) } 1 .. 20_000 * $scale;
my $found = () = $text =~ /\bword(\d+)7 (\d)\2?/g;
(my $changed = $text) =~ s/(\d+)/<$1>/g;
print "regex $found ", length($changed), "\n";

pipe(my $read, my $write) or die;
my @children;
for my $number (1 .. 5) {
    my $child = fork // die;
    if ($child == 0) {
        syswrite $write, sprintf("child %d\n", $number);
        POSIX::_exit($number);
    }
    push @children, $child;
}
close $write;
print "codes ", join(",", map { waitpid($_, 0); $? >> 8 } @children), "\n";
print sort <$read>;

open(my $pipe, "-|", "seq 1 1000 | wc -c") or die;
print "pipe ", <$pipe>;
close $pipe;
print "system ", system("exit 3;") >> 8, " ", `echo back`;

my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", Proto => "tcp") or die;
my $port = $server->sockport;
if (!(my $child = fork)) {
    for (1 .. 50) {
        my $peer = $server->accept or POSIX::_exit(1);
        print $peer scalar reverse(scalar(<$peer>) =~ s/\n//r), "\n";
    }
    POSIX::_exit(0);
}
my $sum = "";
for my $number (1 .. 50) {
    my $client = IO::Socket::INET->new(PeerAddr => "localhost", PeerPort => $port) or die;
    print $client "message $number\n";
    $sum .= <$client>;
}
wait;
print "sockets ", sha256_hex($sum), " $?\n";

open(my $file, ">", "perl.out") or die;
printf $file "%05d\n", $_ for 1 .. 10_000;
close $file;
print "file ", -s "perl.out", "\n";
open(my $missing, "<", "no-such-file") or print "missing ", $! + 0, "\n";
local $SIG{ALRM} = sub { die "alarm\n" };
eval { alarm 1; select undef, undef, undef, 3; };
print "alarm $@";
exit 9;
