// Extras of officers' desks; the officer layout loads citizen.js first.
import { lookAgain } from "./again";
import { listKeys } from "./keys";
import { zoomViewers } from "./viewer";

listKeys();
lookAgain();
zoomViewers();
