import { render } from "preact";
import { App } from "./App";
import { address } from "./lib/api";
import { boardPath, questionOf, uidOf } from "./lib/boardPath";
import { askEarly } from "./lib/early";
import { led } from "./lib/links";
import { followLinks, go, place } from "./lib/route";
import "./style.css";
import "./pages.css";

const here = place();
const other = led(here.path, here.params, location.hash);
if (other) go(other, true);
followLinks();
if (here.path.startsWith("/d/") && !here.params.has("edit")) askEarly(address(boardPath(uidOf(here.path)), questionOf(here.params)));
render(<App />, document.getElementById("app")!);
