# SPDX-License-Identifier: GPL-2.0-or-later
# From a bench's results to an SVG: time to make the table over its objects, both axes logarithmic. Lines
# join the sizes with the same number of destinations for each service, where there are most of these; the other
# sizes are marks without a line, with their size beside them.

def width: 760; def height: 520;
def left: 70; def right: 650; def top: 104; def bottom: 450;

def series: [
  { name: "ipvsadm", text: "ipvsadm -R", color: "#b42318" },
  { name: "keepalived", text: "keepalived", color: "#b26a00" },
  { name: "apply", text: "ipvs-agent apply", color: "#1259c3" },
  { name: "floor", text: "write floor", color: "#59616b" } ];

def thousands: tostring | if length > 3 then .[:-3] + "," + .[-3:] else . end;
def tenths: . * 10 | round / 10;
def text_seconds: if . >= 10 then round elif . >= 1 then . * 10 | round / 10 else . * 100 | round / 100 end | "\(.) s";

# 1, 2 and 5 of each power of ten, from one below from to one above to.
def ticks(from; to): [range(from | log10 | floor; (to | log10 | ceil) + 1) as $power
  | (1, 2, 5) * pow(10; $power)] as $all
  | ($all | map(select(. <= from)) | max) as $first | ($all | map(select(. >= to)) | min) as $last
  | $all | map(select(. >= $first and . <= $last));

def points: [.sizes[] as $size | $size.figures[]
  | select((.name == "apply" and .state == "file") or .name == "floor" or .name == "ipvsadm" or .name == "keepalived")
  | { name, objects: $size.objects, services: $size.services, destinations: $size.destinations,
      seconds: ((if .name == "floor" then .kernel.median else .time.median end) / 1000000) }];

def line(x1; y1; x2; y2; color): "<line x1=\"\(x1 | tenths)\" y1=\"\(y1 | tenths)\" x2=\"\(x2 | tenths)\" y2=\"\(y2 | tenths)\" stroke=\"\(color)\"/>";
def text(x; y; anchor; more; words): "<text x=\"\(x | tenths)\" y=\"\(y | tenths)\" text-anchor=\"\(anchor)\"\(more)>\(words)</text>";
def mark(hollow): "<circle cx=\"\(.x | tenths)\" cy=\"\(.y | tenths)\" r=\"4\" stroke=\"\(.color)\" stroke-width=\"2\" fill=\"\(if hollow then "#ffffff" else .color end)\"/>";

def axes($xs; $ys; place_x; place_y):
  ($xs[] | place_x as $x | line($x; top; $x; bottom; "#e3e6ea"), text($x; bottom + 20; "middle"; ""; thousands)),
  ($ys[] | place_y as $y | line(left; $y; right; $y; "#e3e6ea"), text(left - 8; $y + 4; "end"; ""; "\(.) s")),
  text((left + right) / 2; bottom + 44; "middle"; ""; "objects in the table (services and destinations)");

# In the order of the lines' ends, from above.
def legend: to_entries[] | (left + .key * 140) as $x | .value
  | "<line x1=\"\($x)\" y1=\"80\" x2=\"\($x + 22)\" y2=\"80\" stroke=\"\(.color)\" stroke-width=\"2.5\"/>",
    text($x + 28; 84; "start"; ""; .text);

def curve: (map("\(.x | tenths),\(.y | tenths)") | join(" ")) as $path
  | "<polyline points=\"\($path)\" fill=\"none\" stroke=\"\(.[0].color)\" stroke-width=\"2.5\"/>";

points as $points
| if ($points | length) == 0 then error("no measurement to draw") else . end
| ($points | group_by(.destinations) | max_by(map(.objects) | unique | length) | .[0].destinations) as $joined
| ticks($points | map(.objects) | min; $points | map(.objects) | max) as $xs
| ticks($points | map(.seconds) | min; $points | map(.seconds) | max) as $ys
| def place_x: left + ((. | log10) - ($xs[0] | log10)) / (($xs[-1] | log10) - ($xs[0] | log10)) * (right - left);
  def place_y: bottom - ((. | log10) - ($ys[0] | log10)) / (($ys[-1] | log10) - ($ys[0] | log10)) * (bottom - top);
  [series[] | . as $series | .points = [$points[] | select(.name == $series.name)
    | . + { color: $series.color, x: (.objects | place_x), y: (.seconds | place_y) }]
    | .line = (.points | map(select(.destinations == $joined)) | sort_by(.objects))
    | .others = (.points | map(select(.destinations != $joined))) | select(.points != [])] as $drawn
| "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#1f2328\">",
  "<rect width=\"\(width)\" height=\"\(height)\" fill=\"#ffffff\"/>",
  text(left; 24; "start"; " font-size=\"16\" font-weight=\"bold\""; "Time until the whole table is in the kernel"),
  text(left; 42; "start"; " fill=\"#59616b\""; "medians of \(.date) on Linux \(.machine.kernel), under software emulation: only ratios carry over"),
  text(left; 60; "start"; " fill=\"#59616b\""; "lines and dots: \($joined | thousands) destinations for each service; circles: other shapes"),
  ($drawn | legend),
  axes($xs; $ys; place_x; place_y),
  ($drawn[] | (.line | select(length > 1) | curve), (.line[] | mark(false)), (.others[] | mark(true)),
    (.line[-1] // .others[-1]) as $tail
      | text($tail.x + 12; $tail.y + 4; "start"; " font-weight=\"bold\" fill=\"\(.color)\""; "\(.text) \($tail.seconds | text_seconds)")),
  ($drawn[-1].others | sort_by(-.x) | to_entries[] | (bottom - 8 - .key * 16) as $y | .value
    | "<line x1=\"\(.x | tenths)\" y1=\"\(.y + 6 | tenths)\" x2=\"\(.x | tenths)\" y2=\"\($y)\" stroke=\"#59616b\" stroke-dasharray=\"2 4\"/>",
      text(.x - 5; $y; "end"; " font-size=\"11\" fill=\"#59616b\""; "\(.services | thousands) x \(.destinations | thousands)")),
  "</svg>"
