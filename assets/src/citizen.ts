// Everything here is an extra: each page works without it.
import { countCharacters } from "./count";
import { focusErrors } from "./errors";
import { registerWorker } from "./offline";
import { passkeys } from "./passkey";
import { shrinkPhotos } from "./photo";
import { printButtons } from "./print";
import { guardSubmit } from "./submit";
import { filterWards } from "./wards";

focusErrors();
guardSubmit();
shrinkPhotos();
countCharacters();
filterWards();
printButtons();
passkeys();
registerWorker();
