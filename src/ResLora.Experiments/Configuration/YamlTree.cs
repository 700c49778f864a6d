using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ResLora.Experiments.Configuration;

/// <summary>
/// Reads one YAML document into a JSON tree and remembers the line of every value. Size, depth and the number of values are
/// bounded, aliases counted as what they stand for, so a hostile file can neither hang nor swell the process.
/// </summary>
internal sealed partial class YamlTree
{
    private const int MaxCharacters = 1 << 20;
    private const int MaxDepth = 32;
    private const int MaxValues = 10_000;
    private const int MaxKeyCharacters = 256;

    private readonly string _source;
    private readonly Parser _parser;
    private readonly Dictionary<string, JsonNode?> _anchors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _places = new(StringComparer.Ordinal);
    private int _values;

    private YamlTree(string text, string source)
    {
        _source = source;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>The document's root; null when the document is empty.</summary>
    public JsonNode? Root { get; private set; }

    /// <summary>Where each value stands, by its dotted path: <c>line 3</c>.</summary>
    public Dictionary<string, string> Places => _places;

    private long Line => _parser.Current?.End.Line ?? 1;

    /// <summary>Parses a text.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <returns>The tree.</returns>
    /// <exception cref="ConfigException">The text is no YAML, or larger or deeper than a configuration is.</exception>
    public static YamlTree Parse(string text, string source)
    {
        if (text.Length > MaxCharacters)
        {
            throw new ConfigException($"{source} has {text.Length} characters; a configuration has at most {MaxCharacters}.");
        }

        var tree = new YamlTree(text, source);
        try
        {
            tree.ReadDocument();
        }
        catch (YamlException error)
        {
            throw new ConfigException($"{source}, line {error.Start.Line}: this is not valid YAML: {error.Message.TrimEnd('.')}.", error);
        }
        catch (Exception error) when (error is not (ResLoraException or OutOfMemoryException))
        {
            // The parser answers some brackets and colons that are missing with exceptions of its own inner workings.
            throw new ConfigException(
                $"{source}, line {tree.Line} or the next: this is not valid YAML; is a bracket, a brace, a quote or a colon missing?",
                error);
        }

        return tree;
    }

    /// <summary>The value of an unquoted scalar under YAML's core schema.</summary>
    /// <param name="text">The scalar as written.</param>
    /// <returns>Null, a bool, a whole number, a double or a string.</returns>
    public static JsonNode? PlainScalar(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when WholeNumber().IsMatch(text) && long.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            => JsonValue.Create(whole),
        _ when DecimalNumber().IsMatch(text) && double.TryParse(
            text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };

    private void ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            return;
        }

        _parser.Consume<DocumentStart>();
        Root = ReadValue("", 0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.TryConsume<StreamEnd>(out _))
        {
            throw new ConfigException($"{_source} holds more than one YAML document; one is expected.");
        }
    }

    private JsonNode? ReadValue(string path, int depth)
    {
        var at = _parser.Current!.Start.Line;
        if (depth > MaxDepth || ++_values > MaxValues)
        {
            throw new ConfigException(
                $"{_source}, line {at}: the configuration is nested deeper than {MaxDepth} or has more than {MaxValues} values.");
        }

        _places.TryAdd(path, $"line {at}");
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return Expand(alias, at);
        }

        var anchor = ((NodeEvent)_parser.Current!).Anchor;
        JsonNode? value = _parser.Current switch
        {
            MappingStart => ReadMapping(path, depth),
            SequenceStart => ReadSequence(path, depth),
            _ => ReadScalar(),
        };
        if (!anchor.IsEmpty)
        {
            _anchors[anchor.Value] = value;
        }

        return value;
    }

    private JsonNode? Expand(AnchorAlias alias, long line)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var target))
        {
            throw new ConfigException(
                $"{_source}, line {line}: there is no finished anchor {Short('&' + alias.Value.Value)} before this alias.");
        }

        _values += Count(target);
        return _values <= MaxValues
            ? target?.DeepClone()
            : throw new ConfigException($"{_source}, line {line}: the aliases stand for more than {MaxValues} values.");
    }

    private JsonObject ReadMapping(string path, int depth)
    {
        _parser.Consume<MappingStart>();
        var mapping = new JsonObject();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.TryConsume<Scalar>(out var key))
            {
                throw new ConfigException($"{_source}, line {_parser.Current!.Start.Line}: a key must be a plain word.");
            }

            if (key.Value.Length > MaxKeyCharacters)
            {
                throw new ConfigException(
                    $"{_source}, line {key.Start.Line}: a key has {key.Value.Length} characters, at most {MaxKeyCharacters} are read.");
            }

            var keyPath = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            _places[keyPath] = $"line {key.Start.Line}";
            if (!mapping.TryAdd(key.Value, ReadValue(keyPath, depth + 1)))
            {
                throw new ConfigException($"{_source}, line {key.Start.Line}: the key '{keyPath}' is there twice; keep one.");
            }
        }

        return mapping;
    }

    private JsonArray ReadSequence(string path, int depth)
    {
        _parser.Consume<SequenceStart>();
        var sequence = new JsonArray();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            sequence.Add(ReadValue($"{path}[{sequence.Count}]", depth + 1));
        }

        return sequence;
    }

    private JsonNode? ReadScalar()
    {
        var scalar = _parser.Consume<Scalar>();
        if (!scalar.Tag.IsEmpty && scalar.Tag.Value is not ("!" or "tag:yaml.org,2002:str"))
        {
            throw new ConfigException(
                $"{_source}, line {scalar.Start.Line}: the tag {Short(scalar.Tag.Value)} is not supported; write the plain value.");
        }

        return scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty ? PlainScalar(scalar.Value) : JsonValue.Create(scalar.Value);
    }

    private static string Short(string text) => Row.Excerpt(text);

    private static int Count(JsonNode? node) => node switch
    {
        JsonObject mapping => 1 + mapping.Sum(pair => Count(pair.Value)),
        JsonArray sequence => 1 + sequence.Sum(Count),
        _ => 1,
    };

    [GeneratedRegex(@"^[-+]?[0-9]+\z")]
    private static partial Regex WholeNumber();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z")]
    private static partial Regex DecimalNumber();
}
