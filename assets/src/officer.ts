// Extras of officers' desks; the officer layout loads citizen.js first.
import { lookAgain } from "./again";
import { drawLive } from "./draw";
import { listKeys } from "./keys";
import { zoomViewers } from "./viewer";

drawLive();
listKeys();
lookAgain();
zoomViewers();
