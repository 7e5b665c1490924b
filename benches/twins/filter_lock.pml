/* Peterson's algorithm for N, K visits each. */
byte level[N], victim[N], inside;

active [N] proctype Visitor() {
    byte at, other, k;
    do
    :: k < K ->
        at = 1;
        do
        :: at < N ->
           level[_pid] = at;
           victim[at] = _pid;
           other = 0;
           do
           :: other < N && (other == _pid || level[other] < at) -> other++
           :: other < N && other != _pid && level[other] >= at ->
              if
              :: victim[at] == _pid -> other = 0
              :: else -> break
              fi
           :: other == N -> break
           od;
           at++
        :: else -> break
        od;
        atomic { inside++; assert(inside == 1) };
        inside--;
        level[_pid] = 0;
        k++
    :: else -> break
    od
}
