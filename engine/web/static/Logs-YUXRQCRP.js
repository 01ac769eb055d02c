import{a,b}from"./chunk-4Y6F434S.js";import"./chunk-SFQLYUWV.js";import"./chunk-I72YLQPC.js";import"./chunk-YJDCZXYY.js";import"./chunk-QDCINNSD.js";export{b as Lines,a as Logs};
