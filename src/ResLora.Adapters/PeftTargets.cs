using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;

namespace ResLora.Adapters;

/// <summary>
/// Which modules a PEFT configuration chooses for blocks: its rules for targets, exclusions, layers and modules that are saved whole.
/// </summary>
internal sealed class PeftTargets
{
    private const string WeightSuffix = ".weight";

    private readonly TargetModules? _targets;
    private readonly TargetModules _parameters;
    private readonly IReadOnlyList<string> _saved;
    private readonly HashSet<int>? _layers;
    private readonly string[] _layerPatterns;

    /// <summary>Reads the choice.</summary>
    /// <param name="config">The configuration.</param>
    /// <exception cref="JsonException">A key holds another kind of value.</exception>
    public PeftTargets(PeftConfig config)
    {
        _targets = Choice(config.TargetModules);
        Exclude = Choice(config.ExcludeModules) is { Parts.Count: > 0 } exclude ? exclude : null;
        _saved = config.SavedModules ?? [];
        _layers = Numbers(config.LayersToTransform);
        _layerPatterns = Texts(config.LayersPattern);
        var parameters = config.TargetParameters ?? [];
        var strange = parameters.FirstOrDefault(name => !name.EndsWith(WeightSuffix, StringComparison.Ordinal));
        _parameters = strange is null
            ? TargetModules.Suffixes(parameters.Select(name => name[..^WeightSuffix.Length]))
            : throw new JsonException($"target_parameters '{strange}' is no weight of a linear layer");
    }

    /// <summary>What is named as a target, layers by their numbers left aside; null when nothing is.</summary>
    public TargetModules? Named => _targets is not { Parts.Count: > 0 } && _parameters.Parts.Count > 0 ? _parameters : _targets;

    /// <summary><c>exclude_modules</c>; null where there are none.</summary>
    public TargetModules? Exclude { get; }

    /// <summary>Whether the configuration chooses a module.</summary>
    /// <param name="moduleName">Its dotted name, in the model that the adapter was trained on.</param>
    /// <param name="isLinear">Whether it is a linear layer; all-linear chooses no others.</param>
    /// <exception cref="ConfigException">A pattern takes too long or is none.</exception>
    public bool Take(string moduleName, bool isLinear)
    {
        if (Exclude?.Matches(moduleName) == true || _saved.Any(name => $".{moduleName}.".Contains($".{name}.", StringComparison.Ordinal)))
        {
            return false;
        }

        return _parameters.Matches(moduleName) || (
            _targets?.Matches(moduleName) == true && (isLinear || !_targets.IsAllLinear) && IsInLayer(moduleName));
    }

    private bool IsInLayer(string moduleName)
    {
        if (_layers is null || _targets!.IsPattern)
        {
            return true;
        }

        // The first pattern that finds a layer decides.
        var layer = _layerPatterns.Select(pattern => ModulePattern.Layer(pattern, moduleName)).FirstOrDefault(found => found is not null);
        return layer is { } number && _layers.Contains(number);
    }

    private static TargetModules? Choice(JsonElement? written) => written switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text when text.GetString()!.Length == 0 => null,
        { ValueKind: JsonValueKind.String } text when text.GetString()!.Equals("all-linear", StringComparison.OrdinalIgnoreCase) =>
            TargetModules.AllLinear,
        { } value => value.Deserialize<TargetModules>(),
    };

    private static HashSet<int>? Numbers(JsonElement? written) => written switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Array } list => list.GetArrayLength() == 0 ? null : [.. list.Deserialize<int[]>()!],
        { } number => [number.Deserialize<int>()],
    };

    private static string[] Texts(JsonElement? written) => written switch
    {
        null or { ValueKind: JsonValueKind.Null } => [""],
        { ValueKind: JsonValueKind.Array } list => list.GetArrayLength() == 0 ? [""] : list.Deserialize<string[]>()!,
        { } text => [text.Deserialize<string>()!],
    };
}
