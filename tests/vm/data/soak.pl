# SPDX-License-Identifier: GPL-2.0-or-later
# soak.pl STATE RUN-DIR PID COUNT EVERY: COUNT times another state, each asked for over the daemon's
# control socket, so that each is a whole reconcile; now and then the state is broken or gone, names a
# service that cannot be, or somebody else writes to the table. Prints what the process and its record take
# after every EVERY of them, and in the end how many of the answers were which.
use strict;
use warnings;

my ($state, $run, $pid, $count, $every) = @ARGV;
my %answers;
$| = 1;
srand 7;

sub chance { rand() < shift }
sub one_of { $_[rand @_] }

# The state that is changed: services by number, each with its members and its destinations' weights.
my (%services, $tcp, $reuse);

sub change {
    my $service = $services{1 + int rand 4} //= {destinations => {}};
    my $what = rand;
    if ($what < 0.3) { $service->{destinations}{1 + int rand 2} = int rand 6 }
    elsif ($what < 0.6) { delete $service->{destinations}{1 + int rand 2} }
    elsif ($what < 0.7) { delete $services{1 + int rand 4} }
    elsif ($what < 0.8) { $service->{persistence} = chance(0.5) ? 0 : 60 + int rand 3 }
    elsif ($what < 0.85) { $service->{scheduler} = one_of(qw(rr wrr sh)) }
    elsif ($what < 0.9) { $service->{bind} = chance(0.1) }
    elsif ($what < 0.95) { $tcp = chance(0.3) ? 0 : 900 + int rand 3 }
    else { $reuse = int rand 2 }
}

sub service {
    my ($n, $service) = @_;
    my @members = (qq("name":"s$n","address":"10.0.0.$n","port":80,"protocol":"tcp"));
    push @members, qq("scheduler":"$service->{scheduler}") if $service->{scheduler};
    push @members, qq("persistence":{"timeout":$service->{persistence}}) if $service->{persistence};
    push @members, '"bind":true' if $service->{bind};
    my $destinations = $service->{destinations};
    push @members, '"destinations":[' . join(',', map {
        qq({"address":"10.1.$n.$_","port":8080,"weight":$destinations->{$_}})
    } sort keys %$destinations) . ']';
    return '{' . join(',', @members) . '}';
}

sub text {
    change() for 1 .. 1 + int rand 3;
    return '{"version":1,"services":[' if chance(0.02);
    my @services = map { service($_, $services{$_}) } sort keys %services;
    push @services, '{"name":"impossible","address":"10.0.0.9","port":80,"protocol":"tcp","scheduler":"no_such",'
        . '"destinations":[]}' if chance(0.01);
    my $more = '';
    $more .= qq(,"timeouts":{"tcp":$tcp}) if $tcp;
    $more .= qq(,"sysctls":{"net.ipv4.vs.conn_reuse_mode":$reuse}) if defined $reuse;
    return '{"version":1,"services":[' . join(',', @services) . "]$more}";
}

sub new_state {
    if (chance(0.005)) {
        unlink $state;
        return;
    }
    open my $file, '>', "$state.new" or die "$state.new: $!";
    print $file text() or die;
    close $file or die;
    rename "$state.new", $state or die "$state: $!";
}

# Entries of its own come and go; ours are changed and taken away.
sub other_writer {
    my $n = 1 + int rand 4;
    my @command = @{one_of(
        ['-A', '-t', "10.9.0.$n:1", '-s', 'rr'], ['-D', '-t', "10.9.0.$n:1"],
        ['-D', '-t', "10.0.0.$n:80"], ['-E', '-t', "10.0.0.$n:80", '-s', 'lc'],
    )};
    system "ipvsadm @command 2>/dev/null";
}

# 1 is AF_UNIX and SOCK_STREAM, and SHUT_WR.
sub reconcile {
    socket my $socket, 1, 1, 0 or die "socket: $!";
    connect $socket, pack('Sa108', 1, "$run/control") or die "$run/control: $!";
    my $request = qq({"version":1,"command":"apply","state":"$state"});
    syswrite($socket, $request) == length $request or die "request: $!";
    shutdown $socket, 1;
    my $answer = do { local $/; readline $socket };
    my ($outcome) = ($answer // '') =~ /^\{"report":.*"outcome":\s*"([^"]+)"/ or die "answer: $answer";
    $answers{$outcome}++;
}

sub slurp { local $/; open my $file, '<', shift or die "$_[0]: $!"; return <$file> }

# After a moment, in which it lets go of the last connection.
sub sample {
    my $done = shift;
    select undef, undef, undef, 0.5;
    opendir my $folder, "/proc/$pid/fd" or die "the daemon is gone";
    my $descriptors = grep { !/^\./ } readdir $folder;
    my $memory = slurp("/proc/$pid/smaps_rollup");
    my %kib = $memory =~ /^(\w+): +(\d+) kB/mg;
    my $record = -s "$run/owned" // 0;
    my ($reconciles) = slurp("$run/status.json") =~ /"reconciles": (\d+)/;
    print "sample $done reconciles=$reconciles descriptors=$descriptors rss=$kib{Rss} private=$kib{Private_Dirty} record=$record\n";
}

for my $n (1 .. $count) {
    new_state();
    other_writer() if $n % 250 == 0;
    reconcile();
    sample($n) if $n % $every == 0;
}
print join(' ', 'answers', map { ($_ =~ s/ /-/gr) . "=$answers{$_}" } sort keys %answers), "\n";
