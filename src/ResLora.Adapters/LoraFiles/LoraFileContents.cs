using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Adapters.LoraFiles;

/// <summary>What a LoRA file is to one model: which layer each tensor belongs to, with which rank and alpha.</summary>
internal sealed class LoraFileContents
{
    private const int Shown = 6;

    private readonly LoraFile _file;
    private readonly AdapterConfig _config;
    private readonly Dictionary<string, LayerSite> _sites = new(StringComparer.Ordinal);
    private readonly LoraFileLayers _layers;
    private readonly Dictionary<string, string> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Block> _blocks = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];

    private LoraFileContents(LoraFile file, AdapterConfig config, nn.Module model)
    {
        (_file, _config) = (file, config);
        foreach (var site in model.named_modules().Select(m => LayerSite.Of(m.name, m.module)).OfType<LayerSite>().Where(config.Kind.Takes))
        {
            _sites.Add(site.Name, site);
        }

        _layers = new LoraFileLayers(_sites.Keys, model as IOriginalNames);
    }

    /// <summary>Finds it out.</summary>
    /// <param name="file">The file.</param>
    /// <param name="config">The settings that most modules have.</param>
    /// <param name="stored">The tensors of the file.</param>
    /// <param name="model">The model, without blocks; may be on the meta device.</param>
    /// <returns>What is to be put where.</returns>
    /// <exception cref="FileFormatException">Tensors fit no layer; all are counted, and some named.</exception>
    public static AdapterContents Of(
        LoraFile file, AdapterConfig config, IReadOnlyDictionary<string, StoredTensor> stored, nn.Module model) =>
        new LoraFileContents(file, config, model).Read(stored);

    private AdapterContents Read(IReadOnlyDictionary<string, StoredTensor> stored)
    {
        _problems.AddRange(_file.Strange.Select(name => $"'{name}' is no factor of a LoRA"));
        foreach (var tensor in _file.Tensors)
        {
            Place(tensor, stored[tensor.Name].Shape);
        }

        if (_problems.Count > 0)
        {
            throw new FileFormatException(
                $"{_file.Path}: the LoRA does not fit this model ({_problems.Count} tensors): {string.Join("; ", _problems.Take(Shown))}"
                + $"{(_problems.Count > Shown ? $"; and {_problems.Count - Shown} more" : "")}.");
        }

        var method = _config.Kind;
        var sizes = _blocks.ToDictionary(block => block.Key, block => Size(block.Key, block.Value, method), StringComparer.Ordinal);
        return new AdapterContents(
            _config with { Targets = TargetModules.Suffixes(_sites.Keys.Where(_blocks.ContainsKey)), Lokr = Lokr(method) }, TensorOf)
        {
            Overrides = new ModuleOverrides(
                [.. sizes.Where(block => block.Value.Rank != _config.Rank).Select(block => KeyValuePair.Create(ModuleOverrides.Exactly(block.Key), block.Value.Rank))],
                [.. sizes.Where(block => block.Value.Alpha != _config.Alpha).Select(block => KeyValuePair.Create(ModuleOverrides.Exactly(block.Key), block.Value.Alpha))]),
            Unused = [.. _file.Tensors.Where(tensor => tensor.Factor == LoraFileTensor.Alpha).Select(tensor => tensor.Name)],
            IgnoresSidesOfOne = true,
        };
    }

    private string TensorOf(string parameter) => _tensors.GetValueOrDefault(parameter, parameter);

    private void Place(LoraFileTensor tensor, IReadOnlyList<long> shape)
    {
        if (_layers.Find(tensor) is not { } layer)
        {
            _problems.Add($"'{tensor.Name}' belongs to no layer of this model");
            return;
        }

        if (!_blocks.TryGetValue(layer, out var block))
        {
            _blocks[layer] = block = new Block(tensor.Module);
        }

        if (!block.Shapes.TryAdd(tensor.Factor, shape))
        {
            _problems.Add($"'{tensor.Name}' is a second {tensor.Factor} of '{layer}'");
        }
        else if (tensor.Factor != LoraFileTensor.Alpha)
        {
            _tensors[$"{layer}.{tensor.Factor}"] = tensor.Name;
        }
        else
        {
            block.Module = tensor.Module;   // the name under which the alpha was read
        }
    }

    private (int Rank, double Alpha) Size(string layer, Block block, AdapterMethod method)
    {
        var rank = LoraFileRank.Of(method, block.Shapes);
        if (rank == 0)
        {
            // Both factors whole: the scaling is 1, whatever the alpha, and the rank so large that our block keeps them whole, too.
            var side = (int)Math.Min(AdapterConfig.MaxRank, block.Shapes.Values.SelectMany(shape => shape.Take(2)).DefaultIfEmpty(1).Max());
            return (side, side);
        }

        var (part, inner) = (LoraFileLayers.PartOf(layer), LoraFileLayers.Inner(layer));
        return rank is { } known ? (known, _file.AlphaOf(block.Module, part, inner, known)) : (_config.Rank, _config.Alpha);
    }

    /// <summary>How LoKr divided the sides: the one number with which every layer's first factor gets the shape that it has.</summary>
    private LokrSettings? Lokr(AdapterMethod method)
    {
        if (method is not LokrMethod)
        {
            return _config.Lokr;
        }

        bool Fits(int factor) => _blocks.All(block =>
        {
            var (weight, shapes) = (_sites[block.Key].Weight.shape, block.Value.Shapes);
            var first = (LokrMath.Factors(weight[0], factor).Item1, LokrMath.Factors(weight[1], factor).Item1);
            return shapes.GetValueOrDefault("lokr_w1") is [var a, var c] ? (a, c) == first
                : shapes.GetValueOrDefault("lokr_w1_a") is not [var left, ..]
                    || shapes.GetValueOrDefault("lokr_w1_b") is not [_, var right] || (left, right) == first;
        });
        var largest = (int)Math.Min(
            1024, _blocks.Values.SelectMany(block => block.Shapes.GetValueOrDefault("lokr_w1") ?? []).DefaultIfEmpty(1).Max());
        var found = Enumerable.Range(1, largest).Prepend(-1).Where(Fits).Take(1).ToArray();
        return found.Length == 1
            ? (_config.Lokr ?? new LokrSettings()) with { DecomposeFactor = found[0] }
            : throw new FileFormatException($"{_file.Path}: the first factors of LoKr (lokr_w1) are not those of this model's layers for any factor from 1 to {largest}.");
    }

    private sealed class Block(string module)
    {
        public string Module { get; set; } = module;

        public Dictionary<string, IReadOnlyList<long>> Shapes { get; } = new(StringComparer.Ordinal);
    }
}
