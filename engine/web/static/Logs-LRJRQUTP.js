import{a,b}from"./chunk-A55V5HGS.js";import"./chunk-QIHWJ36D.js";import"./chunk-QTOIZIMY.js";import"./chunk-B3GTKYJ4.js";import"./chunk-NAJYMNXO.js";export{b as Lines,a as Logs};
