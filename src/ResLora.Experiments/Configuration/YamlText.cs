using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ResLora.Experiments.Configuration;

/// <summary>Writes a JSON tree as YAML that <see cref="YamlTree"/> reads back to the same tree.</summary>
internal static class YamlText
{
    /// <summary>Writes a tree.</summary>
    /// <param name="root">The tree.</param>
    /// <returns>The YAML.</returns>
    public static string Write(JsonNode? root)
    {
        // Of an empty text alone YamlDotNet would make a document with a mark before it.
        if (root is JsonValue value && value.TryGetValue<string>(out var only) && only.Length == 0)
        {
            return "\"\"\n";
        }

        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        // Unlimited width: a folded line would be harder to read and to edit than a long one.
        var emitter =
            new Emitter(text, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, root);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject mapping:
                emitter.Emit(
                    new MappingStart(
                        AnchorName.Empty, TagName.Empty, isImplicit: true, mapping.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (key, value) in mapping)
                {
                    emitter.Emit(Scalar(key, isText: true));
                    Emit(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray sequence:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, SequenceStyle.Flow));
                foreach (var item in sequence)
                {
                    Emit(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case null:
                emitter.Emit(Scalar("null", isText: false));
                break;
            default:
                var isText = node.GetValueKind() == JsonValueKind.String;
                emitter.Emit(Scalar(isText ? node.GetValue<string>() : node.ToJsonString(), isText));
                break;
        }
    }

    private static Scalar Scalar(string value, bool isText)
    {
        // A text such as "8" or "null" must not come back as a number or as nothing.
        var quoted = isText && YamlTree.PlainScalar(value)?.GetValueKind() != JsonValueKind.String;
        return new Scalar(
            AnchorName.Empty, TagName.Empty, value, quoted
                ? ScalarStyle.DoubleQuoted
                : ScalarStyle.Any, isPlainImplicit: !quoted, isQuotedImplicit: true);
    }
}
