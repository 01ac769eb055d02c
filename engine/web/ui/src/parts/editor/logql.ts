import { type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { LRLanguage, LanguageSupport } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { parser } from "@grafana/lezer-logql";
import { styleTags, tags } from "@lezer/highlight";
import { get } from "../../lib/api";
import { hasNames } from "../../lib/here";

const language = LRLanguage.define({
  name: "logql",
  parser: parser.configure({
    props: [
      styleTags({
        String: tags.string,
        Number: tags.number,
        Duration: tags.number,
        Range: tags.number,
        Bytes: tags.number,
        Identifier: tags.labelName,
        LineComment: tags.comment,
        "Rate CountOverTime BytesRate BytesOverTime SumOverTime AvgOverTime": tags.function(tags.variableName),
        "Sum Avg Count Max Min Topk Bottomk Stddev Stdvar": tags.keyword,
        "Json Logfmt Regexp Unpack Pattern Unwrap LabelFormat LineFormat By Without": tags.keyword,
      }),
    ],
  }),
});

const STAGES = ["json", "logfmt", "regexp", "pattern", "unpack", "line_format", "label_format", "unwrap", "decolorize", "drop", "keep"];

/** Labels and their values inside braces, stages after a bar. */
async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const before = context.state.sliceDoc(0, context.pos);
  const value = /([a-zA-Z_]\w*)\s*(?:=|!=|=~|!~)\s*"([^"]*)$/.exec(before);
  if (hasNames && value && inside(before)) {
    const found = (await get<string[] | undefined>(`/loki/api/v1/label/${value[1]}/values`)) ?? [];
    return { from: context.pos - value[2]!.length, options: found.map((label) => ({ label })), validFor: /^[^"]*$/ };
  }
  const name = /[{,]\s*(\w*)$/.exec(before);
  if (hasNames && name && inside(before)) {
    const found = (await get<string[] | undefined>("/loki/api/v1/labels")) ?? [];
    return { from: context.pos - name[1]!.length, options: found.map((label) => ({ label, type: "property" })), validFor: /^\w*$/ };
  }
  const stage = /\|\s*(\w*)$/.exec(before);
  if (stage) return { from: context.pos - stage[1]!.length, options: STAGES.map((label) => ({ label, type: "keyword" })) };
  return null;
}

function inside(text: string): boolean {
  return text.lastIndexOf("{") > text.lastIndexOf("}");
}

export function logql(): Extension {
  return new LanguageSupport(language, [language.data.of({ autocomplete: complete })]);
}
