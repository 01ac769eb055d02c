import{a,b}from"./chunk-5SJYBBKR.js";import"./chunk-PY4FPCLS.js";import"./chunk-BF65VFDH.js";import"./chunk-B3GTKYJ4.js";import"./chunk-NAJYMNXO.js";export{b as Lines,a as Logs};
