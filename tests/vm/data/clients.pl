# SPDX-License-Identifier: GPL-2.0-or-later
# clients.pl FIRST LAST PORT: a connection to 10.0.0.1 from each address 192.168.1.FIRST to .LAST, all
# open at once; prints the line that each is told, or why there is none.
my ($first, $last, $port) = @ARGV;
my @open;
for my $i ($first .. $last) {
    socket my $socket, 2, 1, 6 or die "socket: $!";
    bind $socket, pack "SnC4x8", 2, 0, 192, 168, 1, $i or die "bind: $!";
    unless (connect $socket, pack "SnC4x8", 2, $port, 10, 0, 0, 1) {
        print "refused: $!\n";
        next;
    }
    push @open, $socket;
}
for my $socket (@open) {
    print readline($socket) // "closed\n";
}
