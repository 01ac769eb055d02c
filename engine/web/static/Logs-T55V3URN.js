import{a,b}from"./chunk-5XO3MC4A.js";import"./chunk-3EAGXHSN.js";import"./chunk-JQ3WBYYN.js";import"./chunk-B3GTKYJ4.js";import"./chunk-NAJYMNXO.js";export{b as Lines,a as Logs};
