/* Readers and writers over a lock and a room: N readers, two writers, K rounds each. */
bool door, room;
byte readers, reading, writing;

active [N] proctype Reader() {
    byte k;
    do
    :: k < K ->
       atomic { !door -> door = true };
       readers++;
       if
       :: readers == 1 -> atomic { !room -> room = true }
       :: else
       fi;
       door = false;
       reading++;
       assert(writing == 0);
       reading--;
       atomic { !door -> door = true };
       readers--;
       if
       :: readers == 0 -> room = false
       :: else
       fi;
       door = false;
       k++
    :: else -> break
    od
}

active [2] proctype Writer() {
    byte k;
    do
    :: k < K ->
       atomic { !room -> room = true };
       atomic { writing++; assert(writing == 1) };
       assert(reading == 0);
       writing--;
       room = false;
       k++
    :: else -> break
    od
}
