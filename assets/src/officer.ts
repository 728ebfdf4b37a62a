// Extras of officers' desks; the officer layout loads citizen.js first.
import { listKeys } from "./keys";
import { zoomViewers } from "./viewer";

listKeys();
zoomViewers();
