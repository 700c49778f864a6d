using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;

namespace ResLora.Adapters;

/// <summary>
/// A choice of linear layers: a list of name suffixes (<c>q_proj</c> or <c>layers.0.self_attn.q_proj</c>), the word
/// <c>all-linear</c> (every linear layer but the output head), or a regular expression for the whole module name.
/// </summary>
/// <remarks>In JSON and YAML a list holds suffixes, a string is <c>all-linear</c> or a regular expression: PEFT's rule.</remarks>
[JsonConverter(typeof(Converter))]
public sealed class TargetModules : IEquatable<TargetModules>
{
    private const string AllLinearWord = "all-linear";
    private readonly IReadOnlyList<string> _suffixes;
    private readonly string? _pattern;

    private TargetModules(IReadOnlyList<string> suffixes, string? pattern) => (_suffixes, _pattern) = (suffixes, pattern);

    /// <summary>Every linear layer but the output head.</summary>
    public static TargetModules AllLinear { get; } = new([], AllLinearWord);

    /// <summary>Layers whose dotted name is, or ends in, one of the given names.</summary>
    /// <param name="suffixes">Whole names or their last parts.</param>
    /// <returns>The choice.</returns>
    public static TargetModules Suffixes(params IEnumerable<string> suffixes) => new([.. suffixes], null);

    /// <summary>Layers whose whole name matches a regular expression (or <c>all-linear</c>).</summary>
    /// <param name="pattern">The expression, in Python's syntax as in PEFT's files; it must match the name from end to end.</param>
    /// <returns>The choice.</returns>
    public static TargetModules Matching(string pattern) => new([], pattern);

    /// <summary>The parts of the choice that must each match something: the suffixes, or the pattern.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Parts => _pattern is null ? _suffixes : [_pattern];

    /// <summary>Whether the choice is <c>all-linear</c>.</summary>
    [JsonIgnore]
    public bool IsAllLinear => _pattern == AllLinearWord;

    /// <summary>Whether the choice is a regular expression or <c>all-linear</c>, not a list.</summary>
    internal bool IsPattern => _pattern is not null;

    /// <summary>Whether the choice takes a module in.</summary>
    /// <param name="moduleName">The dotted name, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
    /// <returns>True when it does.</returns>
    /// <exception cref="ConfigException">The expression takes too long to match.</exception>
    public bool Matches(string moduleName)
    {
        ArgumentNullException.ThrowIfNull(moduleName);
        if (IsAllLinear)
        {
            return moduleName is not "lm_head";
        }

        if (_pattern is null)
        {
            return _suffixes.Any(suffix => HasSuffix(moduleName, suffix));
        }

        return ModulePattern.IsWhole(_pattern, moduleName);
    }

    /// <summary>
    /// The parts of the choice that take in none of the given modules; a suffix counts even where another one matched first.
    /// </summary>
    /// <param name="moduleNames">Dotted names.</param>
    /// <returns>The idle suffixes, or the pattern.</returns>
    public IReadOnlyList<string> IdleParts(IReadOnlyCollection<string> moduleNames) => _pattern is null
        ? [.. _suffixes.Where(suffix => !moduleNames.Any(name => HasSuffix(name, suffix)))]
        : [.. Parts.Where(_ => !moduleNames.Any(name => Matches(name)))];

    /// <summary>What is wrong with the choice, a phrase each; empty when all is well.</summary>
    /// <param name="key">The name of the setting, for the phrases.</param>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems(string key)
    {
        if (Parts.Count == 0 || Parts.Any(string.IsNullOrWhiteSpace))
        {
            yield return $"{key} is empty; give module names such as [q_proj, v_proj], all-linear or a regular expression";
        }
        else if (_pattern is not null && !IsAllLinear && ModulePattern.FaultOfWhole(_pattern) is { } fault)
        {
            yield return $"{key} '{_pattern}' is not a regular expression: {fault}";
        }
    }

    /// <inheritdoc />
    public bool Equals(TargetModules? other) => other is not null && _pattern == other._pattern && _suffixes.SequenceEqual(other._suffixes);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as TargetModules);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(_pattern, _suffixes.Count);

    /// <inheritdoc />
    public override string ToString() => _pattern ?? string.Join(", ", _suffixes);

    private static bool HasSuffix(string moduleName, string suffix) =>
        moduleName == suffix || moduleName.EndsWith("." + suffix, StringComparison.Ordinal);

    private sealed class Converter : JsonConverter<TargetModules>
    {
        public override TargetModules Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                return Matching(reader.GetString()!);
            }

            var names = new List<string>();
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.String)
                {
                    names.Add(reader.GetString()!);
                }
            }

            return reader.TokenType == JsonTokenType.EndArray
                ? Suffixes(names)
                : throw new JsonException("expected a list of module names, all-linear or a regular expression");
        }

        public override void Write(Utf8JsonWriter writer, TargetModules value, JsonSerializerOptions options)
        {
            if (value._pattern is not null)
            {
                writer.WriteStringValue(value._pattern);
                return;
            }

            writer.WriteStartArray();
            foreach (var suffix in value._suffixes)
            {
                writer.WriteStringValue(suffix);
            }

            writer.WriteEndArray();
        }
    }
}
