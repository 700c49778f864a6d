using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Xml.Linq;
using ResLora.Experiments.Analyzing;
using ResLora.Experiments.Comparing;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Pretraining;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sweeping;

namespace ResLora.Experiments.Reference;

/// <summary>
/// The reference of all settings, made from the records that are read and from the comments on them: the compiler writes those
/// into XML files beside the assemblies, so a setting is described in one place only.
/// </summary>
public static class ConfigReference
{
    private const string Head = """
        # Configuration

        Made from the code by a test of this repository; edit the comments there instead.

        A configuration is a YAML file. Keys are camelCase and case matters; a key that does not exist is an error. Paths in a file count
        from the file's own folder; paths on the command line (`--set data.train=…`, `--output`) count from the current folder.
        `--set adapter.rank=8` overrides a key; the value is YAML, so lists are written `--set adapter.targets=[q_proj,v_proj]`.
        Every run saves its resolved configuration as `config.yaml` in its folder, and that file can be given to `train` again.

        """;

    /// <summary>The text of docs/configuration.md.</summary>
    /// <returns>Markdown.</returns>
    /// <exception cref="FileNotFoundException">An assembly has no XML file beside it.</exception>
    public static string Markdown()
    {
        var text = new StringBuilder(Head.ReplaceLineEndings("\n"));
        var described = new Dictionary<Type, string>();
        Append(text, typeof(RunConfig), "`reslora train` and `reslora plan`", described);
        Append(text, typeof(PretrainConfig), "`reslora pretrain`", described);
        Append(text, typeof(CompareSettings), "`reslora compare`", described, "compare.");
        Append(text, typeof(SweepSettings), "`reslora sweep`", described, "sweep.");
        Append(text, typeof(AnalyzeSettings), "`reslora analyze`", described, "analyze.");
        return text.ToString();
    }

    private static void Append(StringBuilder text, Type type, string title, Dictionary<Type, string> described, string path = "")
    {
        text.Append(
            CultureInfo.InvariantCulture, $"\n## {title}\n\n{Summary(type)}\n\n| key | takes | default | meaning |\n|---|---|---|---|\n");
        AppendRows(text, type, path, title, described);
    }

    private static void AppendRows(StringBuilder text, Type type, string path, string title, Dictionary<Type, string> described)
    {
        // Required keys stay empty here; only the others are looked at.
        var defaults = Activator.CreateInstance(type);
        foreach (var property in ConfigBinder.Properties(type))
        {
            var member = (PropertyInfo)property.AttributeProvider!;
            var key = path + property.Name;
            var value = property.IsRequired ? null : member.GetValue(defaults);
            if (ConfigBinder.IsRecord(property.PropertyType))
            {
                text.Append(
                    CultureInfo.InvariantCulture, $"| `{key}` | keys | {(property.IsRequired ? "required" : "")} | {Cell(member)} |\n");
                if (described.TryAdd(property.PropertyType, title))
                {
                    AppendRows(text, property.PropertyType, key + ".", title, described);
                }
                else
                {
                    text.Append(
                        CultureInfo.InvariantCulture, $"| `{key}.…` | | | The same keys as for {described[property.PropertyType]}. |\n");
                }
            }
            else
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"| `{key}` | {Takes(property)} | {Default(property, value)} | {WithoutDefault(Cell(member), value)} |\n");
            }
        }
    }

    private static string Takes(JsonPropertyInfo property) =>
        ConfigBinder.PathKind(property) is not null ? "a path" : ConfigBinder.Wanted(property).Split(" (")[0];

    private static string Default(JsonPropertyInfo property, object? value) => property.IsRequired
        ? "required"
        : $"`{(value is null ? "null" : YamlText.Write(JsonSerializer.SerializeToNode(value, property.PropertyType, ConfigFile.Options)).TrimEnd('\n'))}`";

    /// <summary>The default has a column of its own; a sentence that says more than the column stays.</summary>
    private static string WithoutDefault(string text, object? value)
    {
        var sentence =
            string.Create(CultureInfo.InvariantCulture, $" Default {(value is bool answer ? (answer ? "true" : "false") : value)}.");
        return value is not null && text.EndsWith(sentence, StringComparison.OrdinalIgnoreCase) ? text[..^sentence.Length] : text;
    }

    private static string Cell(PropertyInfo member) =>
        Comment($"P:{member.DeclaringType!.FullName}.{member.Name}", member.DeclaringType.Assembly)
        .Replace("|", "\\|", StringComparison.Ordinal);

    private static string Summary(Type type) => Comment($"T:{type.FullName}", type.Assembly);

    private static string Comment(string id, Assembly assembly)
    {
        var file = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        var summary = XDocument.Load(file).Descendants("member").FirstOrDefault(
            member => (string?)member.Attribute("name") == id)?.Element("summary")
            ?? throw new FileNotFoundException($"'{file}' has no comment for '{id}'.", file);
        return string.Join(' ', string.Concat(summary.Nodes().Select(Plain)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Plain(XNode node) => node switch
    {
        XElement { Name.LocalName: "see" } see => $"`{Key((string)see.Attribute("cref")!)}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement other => other.Value,
        _ => node.ToString(),
    };

    private static string Key(string reference) => JsonNamingPolicy.CamelCase.ConvertName(reference[(reference.LastIndexOf('.') + 1)..]);
}
