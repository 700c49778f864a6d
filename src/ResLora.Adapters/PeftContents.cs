using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Dora;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// Finds out what the tensors of a PEFT folder are to a model. The tensors decide which layers have blocks; where the configuration says
/// something else, the folder is refused. Extra names in <c>target_modules</c> are harmless.
/// </summary>
internal sealed class PeftContents
{
    private const string BaseLayer = ".base_layer";
    private const string TokenBase = ".token_adapter.base_layer.weight";

    private static readonly string[] _innerParts = [".modules_to_save.", ".original_module."];

    // Those of the folder's own method come first: names of other methods may be ends of them.
    private readonly string[] _factors;

    private readonly AdapterDescription _description;
    private readonly PeftChoices _choices;
    private readonly nn.Module _model;
    private readonly IReadOnlyList<string> _headModules;
    private readonly HashSet<string> _parameters;
    private readonly AdapterMethod _method;
    private readonly OrderedDictionary<string, LayerSite> _layers;

    /// <summary>What was put before the names of the file: the part that the model trained there lacked, with its dot.</summary>
    private string _added = "";

    /// <summary>What turns the file's names into the model's own; null where they are that.</summary>
    private IPeftNetwork? _renamed;

    private readonly Dictionary<string, string> _tensors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _blocks = new(StringComparer.Ordinal);
    private readonly List<string> _whole = [];
    private readonly List<string> _copies = [];
    private readonly List<TrainedTokens> _tokens = [];
    private readonly List<string> _problems = [];

    private PeftContents(AdapterDescription description, nn.Module model, IReadOnlyList<string> headModules)
    {
        (_description, _choices, _model, _headModules) = (description, description.Peft!, model, headModules);
        _parameters = [.. model.named_parameters().Select(p => p.name)];
        _method = description.Config.Kind;
        _factors =
        [
            .. _method.FactorNames.Concat(
                AdapterMethods.All.SelectMany(method => method.FactorNames)).Distinct().Select(name => "." + name),
        ];
        foreach (var shared in _method.SharedNames)
        {
            _tensors[shared] = PeftConfig.SharedPrefix + shared;
        }

        _layers = new(StringComparer.Ordinal);
        foreach (var site in model.named_modules().Select(m => LayerSite.Of(m.name, m.module)).OfType<LayerSite>().Where(_method.Takes))
        {
            _layers.Add(site.Name, site);
        }
    }

    /// <summary>Finds it out.</summary>
    /// <param name="description">The folder.</param>
    /// <param name="stored">The tensors of its file.</param>
    /// <param name="model">The model, without blocks; may be on the meta device.</param>
    /// <param name="headModules">Dotted names of the modules of the model's head.</param>
    /// <returns>What is to be put where.</returns>
    /// <exception cref="FileFormatException">Tensors fit no part of the model, or contradict the configuration; all are named.</exception>
    /// <exception cref="ConfigException">
    /// Something is asked for that is not supported, or a saved module is none of the model's.
    /// </exception>
    public static AdapterContents Of(
        AdapterDescription description,
        IReadOnlyDictionary<string, StoredTensor> stored,
        nn.Module model,
        IReadOnlyList<string> headModules) =>
        new PeftContents(description, model, headModules).Read(stored);

    private AdapterContents Read(IReadOnlyDictionary<string, StoredTensor> stored)
    {
        FindNames(stored.Keys);
        foreach (var tensor in stored.Keys.Where(name => !IsInnerCopy(name, stored)).Except(_tensors.Values.ToArray()))
        {
            Place(tensor);
        }

        RequireBaseLayers();
        RequireChosen();
        var config = _renamed is null ? _description.Config : _method.Renamed(
            _description.Config, _blocks.Select(own => (InFile(own), own)));
        _problems.AddRange(_method.Unplaced(config, _blocks));
        var saved = SavedModules();
        if (_problems.Count > 0)
        {
            throw new FileFormatException(
                $"{_description.TensorFile}: the adapter does not fit this model ({_problems.Count} tensors): "
                + $"{string.Join("; ", _problems.Take(6))}.");
        }

        var targets = TargetModules.Suffixes(_layers.Keys.Where(_blocks.Contains));
        return new AdapterContents(config with { Targets = targets, Exclude = null }, TensorOf)
        {
            Overrides = Overrides(),
            SavedModules = saved,
            Unused = [.. stored.Keys.Where(name => IsInnerCopy(name, stored))],
            BesidesHead = [.. saved.Except(_headModules)],
            Tokens = _tokens,
            Copies = _copies,
        };
    }

    /// <summary>The stored name of a parameter; that of one that is missing as it would be.</summary>
    private string TensorOf(string parameter) =>
        _tensors.TryGetValue(parameter, out var tensor) ? tensor : PeftConfig.TensorPrefix + InFile(parameter);

    /// <summary>A name as the model had it that was trained.</summary>
    private string InFile(string own)
    {
        var name = own.StartsWith(_added, StringComparison.Ordinal) ? own[_added.Length..] : own;
        return _renamed?.PeftName(name) ?? name;
    }

    private string OwnName(string inFile) => _added + (_renamed?.OwnName(inFile) ?? inFile);

    /// <summary>
    /// An adapter may have been trained on the model without its head, whose names lack the first part, such as <c>model.</c>; and PEFT may
    /// have other names for the model's modules.
    /// </summary>
    private void FindNames(IEnumerable<string> tensors)
    {
        string[] modules =
        [
            .. tensors
                .Where(t => t.StartsWith(PeftConfig.TensorPrefix, StringComparison.Ordinal))
                .Select(t => (Tensor: t, Factor: _factors.FirstOrDefault(factor => t.EndsWith(factor, StringComparison.Ordinal))))
                .Where(t => t.Factor is not null)
                .Select(t => t.Tensor[PeftConfig.TensorPrefix.Length..^t.Factor!.Length]),
        ];
        _renamed = _model is IPeftNetwork network && modules.Any(module => network.OwnName(module) != module) ? network : null;
        _added = _model.named_children().Select(child => child.name + ".").Prepend("")
            .FirstOrDefault(first => modules.Any(module => _layers.ContainsKey(first + (_renamed?.OwnName(module) ?? module)))) ?? "";
    }

    private void Place(string tensor)
    {
        if (!tensor.StartsWith(PeftConfig.TensorPrefix, StringComparison.Ordinal))
        {
            _problems.Add($"'{tensor}' belongs to no block");
            return;
        }

        var bare = tensor[PeftConfig.TensorPrefix.Length..];
        var name = OwnName(bare);
        if (_factors.FirstOrDefault(suffix => name.EndsWith(suffix, StringComparison.Ordinal)) is { } factor
            && _layers.ContainsKey(name[..^factor.Length]))
        {
            PlaceFactor(tensor, name[..^factor.Length], factor);
        }
        else if (name.EndsWith(TokenBase, StringComparison.Ordinal) && _parameters.Contains(name[..^TokenBase.Length] + ".weight"))
        {
            // Rows were trained beside it.
            _copies.Add(name[..^TokenBase.Length] + ".weight");
            _tensors[_copies[^1]] = tensor;
        }
        else if (name.EndsWith(PeftFolder.RowsOfTokens, StringComparison.Ordinal))
        {
            PlaceTokens(tensor, name[..^PeftFolder.RowsOfTokens.Length]);
        }
        else if (((string[])[name, bare]).FirstOrDefault(IsWhole) is { } whole)
        {
            // The base weight of a block is frozen; PEFT writes it down for heads and embeddings.
            (whole.EndsWith(BaseLayer + ".weight", StringComparison.Ordinal) ? _copies : _whole).Add(whole);
            _tensors[whole] = tensor;
        }
        else
        {
            _problems.Add($"'{tensor}' belongs to no block");
        }
    }

    /// <summary>Whether a name is that of one of the model's own parameters.</summary>
    private bool IsWhole(string name) => _parameters.Contains(name.Replace(BaseLayer + ".", ".", StringComparison.Ordinal));

    private void PlaceFactor(string tensor, string module, string factor)
    {
        var name = factor[1..];
        if (!_method.FactorNames.Contains(name))
        {
            _problems.Add(name.StartsWith(DoraBlock.MagnitudeName, StringComparison.Ordinal)
                ? $"'{tensor}' is a magnitude, and use_dora is not set"
                : $"'{tensor}' belongs to no block of {_method.Title}");
            return;
        }

        if (_blocks.Add(module) && !IsChosen(_layers[module]))
        {
            _problems.Add($"'{tensor}' is there, and {PeftConfig.FileName} does not choose that layer");
        }

        _tensors[$"{module}.{_method.PresentName(name)}"] = tensor;
    }

    private void PlaceTokens(string tensor, string module)
    {
        if (_parameters.Contains(module + ".weight") && _choices.TokensOf(InFile(module)) is { } ids)
        {
            _tokens.Add(new TrainedTokens(module, ids));
            _tensors[module] = tensor;
        }
        else
        {
            _problems.Add($"'{tensor}' is there, and trainable_token_indices names no such module of this model");
        }
    }

    /// <summary>With a block, a layer's own parameters are named by <c>base_layer</c>; without one they are not.</summary>
    private void RequireBaseLayers()
    {
        foreach (var name in _whole.Concat(_copies))
        {
            var module = name[..name.LastIndexOf('.')];
            var isBase = module.EndsWith(BaseLayer, StringComparison.Ordinal);
            if (_blocks.Contains(isBase ? module[..^BaseLayer.Length] : module) != isBase)
            {
                _problems.Add($"'{_tensors[name]}' belongs to no block");
            }
        }

        _problems.AddRange(_tokens.Where(tokens => _blocks.Contains(tokens.Module))
            .Select(tokens => $"'{_tensors[tokens.Module]}' and a block change one and the same embedding"));
        if (_choices.Tokens.Count > 0 && _tokens.Count == 0)
        {
            _problems.Add($"'….{PeftFolder.RowsOfTokens.TrimStart('.')}' is missing");
        }
    }

    /// <summary>Layers that are chosen and have no tensors: where no layer of that name has any, the name is one too many.</summary>
    private void RequireChosen()
    {
        static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];
        HashSet<string> kinds = [.. _blocks.Select(Last)];
        var chosen = _layers.Values.Where(site => !_blocks.Contains(site.Name) && IsChosen(site))
            .ToLookup(site => kinds.Contains(Last(site.Name)));
        _problems.AddRange(chosen[true].Select(site => $"'{TensorOf($"{site.Name}.{FirstFactor(site)}")}' is missing"));
        if (_blocks.Count == 0)
        {
            _problems.Add("it has no block");
        }
        else if (chosen[false].Select(site => Last(site.Name)).Distinct(StringComparer.Ordinal).ToArray() is { Length: > 0 } idle)
        {
            Warnings.Add(
                $"{_description.Folder}: target_modules takes in {string.Join(", ", idle)}, for which there are no tensors; "
                + "those layers stay as they are.");
        }
    }

    private bool IsChosen(LayerSite site) => _choices.Targets.Take(InFile(site.Name), site is LinearSite);

    private string FirstFactor(LayerSite site) => _method.FactorNames.Contains(site.NameOfA) ? site.NameOfA : _method.FactorNames[0];

    /// <summary>
    /// The head's modules by their own names; everything else that is whole by its module, or as the parameter that it is.
    /// </summary>
    private string[] SavedModules()
    {
        string[] usual = _headModules.Count == 0 ? [] : ["classifier", "score"];
        var modules = _model.named_modules().Select(m => m.name).ToArray();
        var matched = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in _description.SavedModules)
        {
            var found = modules.Where(module => InFile(module).EndsWith(name, StringComparison.Ordinal)).ToArray();
            if (found.Length == 0 && !usual.Contains(name))
            {
                throw new ConfigException($"{_description.Folder}: modules_to_save {name}: this model has no such module.");
            }

            matched.UnionWith(found);
        }

        // All of a saved module is in the file; reading names what is missing.
        var expected = _parameters.Where(parameter => matched.Any(module => IsIn(parameter, module)));
        var whole = _whole.Concat(expected).Distinct(StringComparer.Ordinal).ToArray();
        var heads = _headModules.Where(head => whole.Any(parameter => IsIn(parameter, head))).ToArray();
        return
        [
            .. heads,
            .. whole.Where(parameter => !heads.Any(head => IsIn(parameter, head)))
                .Select(parameter => matched.Any(module => IsIn(parameter, module)) || parameter.EndsWith(
                    ".weight", StringComparison.Ordinal)
                    ? parameter[..parameter.LastIndexOf('.')]
                    : parameter)
                .Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>Patterns match the names of the model that was trained.</summary>
    private ModuleOverrides Overrides()
    {
        var written = _description.Overrides;
        if ((_added.Length == 0 && _renamed is null) || written.IsEmpty)
        {
            return written;
        }

        var each = _blocks.Select(module => (module, config: written.For(_description.Config, InFile(module)))).ToArray();
        return new ModuleOverrides(
            [.. each.Select(b => KeyValuePair.Create(ModuleOverrides.Exactly(b.module), b.config.Rank))],
            [.. each.Select(b => KeyValuePair.Create(ModuleOverrides.Exactly(b.module), b.config.Alpha))]);
    }

    /// <summary>
    /// With <c>bias: all</c> PEFT writes the biases of a saved module, and those that it replaces, a second time under inner names.
    /// </summary>
    private static bool IsInnerCopy(string tensor, IReadOnlyDictionary<string, StoredTensor> stored) => _innerParts.Any(part =>
        tensor.Contains(part, StringComparison.Ordinal) && stored.ContainsKey(tensor.Replace(part, ".", StringComparison.Ordinal)));

    private static bool IsIn(string parameter, string module) => parameter.StartsWith(module + ".", StringComparison.Ordinal);
}
