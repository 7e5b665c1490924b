/* N processes meet after each of three phases. */
byte arrived, generation, phase[N];

active [N] proctype Worker() {
    byte k, mine, other;
    do
    :: k < 3 ->
       phase[_pid] = k;
       mine = generation;
       if
       :: atomic { arrived == N - 1 -> arrived++ }; arrived = 0; generation++
       :: atomic { arrived != N - 1 -> arrived++ }; generation != mine
       fi;
       other = 0;
       do
       :: other < N -> assert(phase[other] >= k); other++
       :: else -> break
       od;
       other = 0; mine = 0;
       k++
    :: else -> break
    od
}
