/* Two producers and two consumers share a channel with room for two; N items go through it. */
chan items = [2] of { byte };
byte got;

active [2] proctype Producer() {
    byte k;
    do
    :: k < N / 2 -> items ! k; k++
    :: else -> break
    od
}

active [2] proctype Consumer() {
    byte k, item;
    do
    :: k < N / 2 -> items ? item; atomic { got++; assert(got <= N); k++ }
    :: else -> break
    od
}
