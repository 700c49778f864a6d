using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Models;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>Adds the blocks of a PEFT folder to a model's weights, each method's as its formula says.</summary>
internal sealed class ReadBackBlocks
{
    private const string Down = ".lora_A.weight", Up = ".lora_B.weight", Magnitude = ".lora_magnitude_vector";
    private const string Right = ".lora_A", Left = ".lora_B", Values = ".lora_E";   // AdaLoRA's
    private const string Stretches = ".ia3_l";   // (IA)³'s
    // VeRA's
    private const string Outputs =
        ".vera_lambda_b", Ranks = ".vera_lambda_d", SharedDown = "base_model.vera_A", SharedUp = "base_model.vera_B";

    /// <summary>How the factors of a block on an embedding end.</summary>
    public const string LookedUpDown = ".lora_embedding_A", LookedUpUp = ".lora_embedding_B";

    private readonly Network _model;
    private readonly Dictionary<string, Layer> _layers;
    private readonly SafetensorsReader _factors;
    private readonly ReadBackKeys _keys;

    /// <summary>Takes a model and a folder; all are borrowed.</summary>
    public ReadBackBlocks(Network model, SafetensorsReader factors, ReadBackKeys keys)
    {
        (_model, _factors, _keys) = (model, factors, keys);
        _layers = model.named_modules().Select(m => (m.name, layer: LayerOf(m.module))).Where(m => m.layer is not null)
            .ToDictionary(m => model.PeftName(m.name), m => m.layer!, StringComparer.Ordinal);
    }

    /// <summary>How the names of all factors end.</summary>
    public static IReadOnlyList<string> Ends { get; } =
        [Down, Up, Magnitude, Right, Left, Values, Stretches, Outputs, Ranks, SharedDown, SharedUp, LookedUpDown, LookedUpUp, .. DenseReadBack.Ends];

    /// <summary>The module of a tensor.</summary>
    public static string Module(string name, string end) =>
        name[..^end.Length] is var module && module.StartsWith(
            PeftConfig.TensorPrefix, StringComparison.Ordinal) ? module[PeftConfig.TensorPrefix.Length..] : module;

    /// <summary>Adds them all.</summary>
    public void Add()
    {
        Each(Down, AddPair);
        Each(LookedUpDown, AddRows);
        Each(Values, AddTriplets);
        Each(Outputs, AddScaled);
        Each(Stretches, name => Multiply(Find(name, Stretches), name, Read(name)));
        foreach (var name in DenseReadBack.Modules(_factors))
        {
            using var scope = NewDisposeScope();
            AddDense(name);
        }
    }

    private void Each(string end, Action<string> add)
    {
        foreach (var name in _factors.Entries.Keys.Where(n => n.EndsWith(end, StringComparison.Ordinal)))
        {
            using var scope = NewDisposeScope();
            add(name);
        }
    }

    /// <summary>LoRA and DoRA.</summary>
    private void AddPair(string name)
    {
        var (layer, up) = (Find(name, Down), name[..^Down.Length] + Up);
        // of a convolution [R, C, Y, X] -> [R, C·Y·X] and [Dout, R, 1, 1] -> [Dout, R]
        var (a, b) = (Read(name).flatten(1), Read(up).flatten(1));
        Shapes.Require(a, name, Shapes.Any, layer.Inputs);
        Shapes.Require(b, up, layer.Outputs, a.shape[0]);
        Add(layer, b.matmul(a) * _keys.Scale(Module(name, Down), a.shape[0]));
        if (_keys.Flag("use_dora"))
        {
            Stretch(layer, Read(name[..^Down.Length] + Magnitude).flatten());
        }
    }

    /// <summary>LoRA and DoRA on an embedding.</summary>
    private void AddRows(string name)
    {
        var (module, up) = (Module(name, LookedUpDown), name[..^LookedUpDown.Length] + LookedUpUp);
        var rows = _model.named_parameters().FirstOrDefault(p => p.name == module + ".weight").parameter
            ?? throw new FileFormatException($"{_factors.Path}: '{name}' belongs to no embedding of the model.");
        var (a, b) = (Read(name), Read(up));
        Shapes.Require(a, name, Shapes.Any, rows.shape[0]);
        Shapes.Require(b, up, rows.shape[1], a.shape[0]);
        var sum = rows.to(float64) + (b.matmul(a).t() * _keys.Scale(module, a.shape[0]));   // [V, D]
        rows.copy_(_keys.Flag("use_dora") ? sum * (Read(name[..^LookedUpDown.Length] + Magnitude) / linalg.norm(sum, dims: [0])) : sum);
    }

    /// <summary>AdaLoRA.</summary>
    private void AddTriplets(string name)
    {
        var layer = Find(name, Values);
        var (right, left, values) = (Read(name[..^Values.Length] + Right), Read(name[..^Values.Length] + Left), Read(name));
        Shapes.Require(right, Right, values.shape[0], layer.Inputs);
        Shapes.Require(left, Left, layer.Outputs, values.shape[0]);
        Add(layer, left.matmul(right * values) * (_keys.Number("lora_alpha") / (_keys.Number("init_r") + 1e-5)));
    }

    /// <summary>VeRA, whose matrices are as wide as its widest layer.</summary>
    private void AddScaled(string name)
    {
        var layer = Find(name, Outputs);
        var (outputs, inputs) = (layer.Outputs, layer.Inputs);
        var (b, d) = (Read(name), Read(name[..^Outputs.Length] + Ranks));
        Shapes.Require(b, name, outputs);
        Add(layer, (b.unsqueeze(1) * Read(SharedUp)[..(int)outputs]).matmul(d.unsqueeze(1) * Read(SharedDown).narrow(1, 0, inputs)));
    }

    /// <summary>LoHa and LoKr.</summary>
    private void AddDense(string name)
    {
        var (layer, module) = (Find(name, ""), Module(name, ""));
        var delta = DenseReadBack.Product(_factors, name, layer.Weight.shape);
        Shapes.Require(delta, name, layer.Outputs, layer.Inputs);
        Add(layer, delta * (_keys.Number("alpha", "alpha_pattern", module) / _keys.Number("r", "rank_pattern", module)));
    }

    private Tensor Read(string name) => _factors.Read(name).to(float64);

    private Layer Find(string name, string end) => _layers.TryGetValue(Module(name, end), out var found)
        ? found
        : throw new FileFormatException($"{_factors.Path}: '{name}' belongs to no linear layer or convolution of the model.");

    private static Layer? LayerOf(nn.Module module) => module switch
    {
        Linear linear => new Layer(linear.weight!, linear.bias),
        Convolution => new Layer(module.get_parameter("weight")!, module.get_parameter("bias")),
        _ => null,
    };

    /// <summary>Rows of W + s B A get the lengths that were learnt.</summary>
    private static void Stretch(Layer layer, Tensor lengths)
    {
        var wide = layer.Matrix;
        layer.Put(wide * (lengths / wide.square().sum(1).sqrt()).unsqueeze(1));   // [Dout, Din] · [Dout, 1]
    }

    /// <summary>W and b by rows, or W by columns.</summary>
    private static void Multiply(Layer layer, string name, Tensor factors)
    {
        var byRows = factors.shape.SequenceEqual([layer.Outputs, 1]);
        if (!byRows)
        {
            Shapes.Require(factors, name, 1, layer.Inputs);
        }

        layer.Put(layer.Matrix * factors);   // [Dout, Din] · [Dout, 1] or [1, Din]
        if (byRows && layer.Bias is { } bias)
        {
            bias.mul_(factors.flatten());
        }
    }

    private static void Add(Layer layer, Tensor delta) => layer.Put(layer.Matrix + delta);   // [Dout, Din]

    /// <summary>A linear layer, or a convolution, whose kernel is a matrix with a row an output.</summary>
    private sealed record Layer(Parameter Weight, Parameter? Bias)
    {
        public long Outputs => Weight.shape[0];

        public long Inputs => Weight.numel() / Outputs;

        public Tensor Matrix => Weight.flatten(1).to(float64);   // [Dout, C, Y, X] -> [Dout, C·Y·X]

        public void Put(Tensor values) => Weight.copy_(values.view(Weight.shape));
    }
}
