import { render } from "preact";
import { App } from "./App";
import { led } from "./lib/links";
import { followLinks, go, place } from "./lib/route";
import "./style.css";
import "./pages.css";

const here = place();
const other = led(here.path, here.params, location.hash);
if (other) go(other, true);
followLinks();
render(<App />, document.getElementById("app")!);
