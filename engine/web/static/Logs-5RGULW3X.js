import{a,b}from"./chunk-EK6USY4F.js";import"./chunk-4RMBB7FY.js";import"./chunk-I72YLQPC.js";import"./chunk-YJDCZXYY.js";import"./chunk-QDCINNSD.js";export{b as Lines,a as Logs};
