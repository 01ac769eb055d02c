import{a,b}from"./chunk-SRANWRCV.js";import"./chunk-JNDQDYIQ.js";import"./chunk-Y4IE5MKO.js";import"./chunk-B3GTKYJ4.js";import"./chunk-NAJYMNXO.js";export{b as Lines,a as Logs};
