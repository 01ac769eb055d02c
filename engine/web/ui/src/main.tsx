import { render } from "preact";
import { App } from "./App";
import { followLinks, go } from "./lib/route";
import "./style.css";

// The Alertmanager's links have their paths behind a hash.
if (location.hash.startsWith("#/")) go(`/${location.hash.slice(2)}`, true);
followLinks();
render(<App />, document.getElementById("app")!);
