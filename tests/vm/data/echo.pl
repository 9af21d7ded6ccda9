# SPDX-License-Identifier: GPL-2.0-or-later
# echo.pl ADDRESS PORT NAME: says its name to each connection, then gives back what it is sent. socat
# needs two processes for each connection, which is too slow for hundreds of them in a guest; the
# guest's perl has no modules.
my ($address, $port, $name) = @ARGV;
$SIG{PIPE} = "IGNORE";
socket my $listener, 2, 1, 6 or die "socket: $!";
setsockopt $listener, 1, 2, pack "i", 1;
bind $listener, pack("SnC4x8", 2, $port, split /\./, $address) or die "bind: $!";
listen $listener, 512;
my ($all, %connections) = ("");
vec($all, fileno $listener, 1) = 1;
while (select(my $ready = $all, undef, undef, undef) > 0) {
    if (vec $ready, fileno $listener, 1) {
        accept my $new, $listener or next;
        syswrite $new, "$name\n";
        $connections{ fileno $new } = $new;
        vec($all, fileno $new, 1) = 1;
        next;
    }
    for my $n (grep { vec $ready, $_, 1 } keys %connections) {
        my $data;
        next if sysread($connections{$n}, $data, 65536) && syswrite $connections{$n}, $data;
        vec($all, $n, 1) = 0;
        delete $connections{$n};
    }
}
