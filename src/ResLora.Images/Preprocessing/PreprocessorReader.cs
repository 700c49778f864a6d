using System.Globalization;
using System.Text.Json;

namespace ResLora.Images.Preprocessing;

/// <summary>
/// Turns the keys of preprocessor_config.json into a preprocessor. A key that is missing or null takes the default of its class. One that
/// would change numbers and is not carried out is a problem, never passed over.
/// </summary>
/// <param name="file">The file's object.</param>
/// <param name="defaults">Its class.</param>
internal sealed class PreprocessorReader(JsonElement file, ProcessorClass defaults)
{
    private const double UsualFactor = 1 / 255.0;
    private const int MaxSide = 16_384;

    // ConvNeXT crops only below this side; from here on both sides are resized to it.
    private const int UncroppedSide = 384;

    private static readonly string[] _withoutEffect =
    [
        "image_processor_type", "feature_extractor_type", "processor_class", "auto_map", "_valid_processor_keys", "data_format", "input_data_format",
        "return_tensors", "device", "disable_grouping", "backend", "num_channels", "do_convert_rgb", "do_reduce_labels", "reduce_labels",
    ];

    private readonly HashSet<string> _read = [];
    private readonly List<string> _problems = [];

    /// <summary>What cannot be carried out, a phrase each.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Keys that nothing here knows.</summary>
    public IEnumerable<string> Unknown => Rest().Where(member => !IsStep(member.Name)).Select(member => member.Name);

    /// <summary>Reads all keys.</summary>
    /// <returns>The preprocessor, worth nothing where there are problems.</returns>
    public Preprocessor Read()
    {
        var isSquare = Truth("default_to_square", defaults.NumberIsSquare);
        var resizes = Truth("do_resize", true);
        var size = Size(isSquare);
        var share = defaults.CropShare is { } usual ? Number("crop_pct", usual) : 0;
        var crops = Truth("do_center_crop", defaults.Crops);
        var crop = CropSize();
        var rescales = Truth("do_rescale", true);
        var factor = Number("rescale_factor", UsualFactor);
        var normalises = Truth("do_normalize", true);
        var (mean, deviation) = (Triple("image_mean", defaults.Mean), Triple("image_std", defaults.Deviation));
        if (normalises && deviation.Any(value => value == 0))
        {
            _problems.Add("image_std has a 0, by which nothing can be divided");
        }

        if (crops && crop is null)
        {
            _problems.Add("do_center_crop is true, and there is no crop_size");
        }

        var preprocessor = new Preprocessor
        {
            Resize = resizes ? size : null,
            Resampling = ReadResampling(),
            Crop = crops ? crop : null,
            RescaleFactor = rescales ? factor : null,
            Mean = normalises ? mean : null,
            Deviation = normalises ? deviation : null,
        };
        preprocessor = defaults.CropShare is null || !resizes ? preprocessor : OfConvNext(preprocessor, share);
        Refuse();
        return preprocessor;
    }

    private Preprocessor OfConvNext(Preprocessor preprocessor, double share)
    {
        if (preprocessor.Resize is not ResizeRule.ShortestEdge { Length: var side })
        {
            _problems.Add("size has a height and a width, and ConvNext's is the shortest_edge");
            return preprocessor;
        }

        if (side >= UncroppedSide)
        {
            return preprocessor with { Resize = new ResizeRule.Exact(side, side) };
        }

        if (preprocessor.Crop is not null || share is <= 0 or > 1)
        {
            _problems.Add(
                preprocessor.Crop is null
                    ? $"crop_pct is {share}; it must be above 0 and at most 1"
                    : "do_center_crop is true, and ConvNext has a crop of its own");
            return preprocessor;
        }

        return preprocessor with { Resize = new ResizeRule.ShortestEdge((int)(side / share)), Crop = (side, side) };
    }

    // What is left: steps that are asked for and not carried out.
    private void Refuse()
    {
        foreach (var member in Rest().Where(member => IsStep(member.Name)))
        {
            _problems.Add($"'{member.Name}' is {Shown(member.Value)}, which is not supported");
        }
    }

    private IEnumerable<JsonProperty> Rest() => file.EnumerateObject()
        .Where(member => !_read.Contains(member.Name) && !_withoutEffect.Contains(member.Name)
            && member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False));

    private static bool IsStep(string key) =>
        key.StartsWith("do_", StringComparison.Ordinal) || key is "rescale_offset" or "include_top" or "use_square_size" or "max_size";

    private JsonElement? Value(string key)
    {
        _read.Add(key);
        return file.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private bool Truth(string key, bool usual)
    {
        var value = Value(key);
        if (value is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) } other)
        {
            _problems.Add($"{key} is {Shown(other)}; it must be true or false");
        }

        return value is { } truth ? truth.ValueKind == JsonValueKind.True : usual;
    }

    private double Number(string key, double usual) => Value(key) is { } value ? Number(key, value) : usual;

    private double Number(string key, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite((float)number))
        {
            return number;
        }

        _problems.Add($"{key} has {Shown(value)}; it must be a number");
        return 1;
    }

    private IReadOnlyList<double> Triple(string key, IReadOnlyList<double> usual)
    {
        if (Value(key) is not { } value)
        {
            return usual;
        }

        double[] numbers = value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(one => Number(key, one))]
            : [.. Enumerable.Repeat(Number(key, value), PixelImage.Channels)];
        if (numbers.Length != PixelImage.Channels)
        {
            _problems.Add($"{key} has {numbers.Length} numbers; red, green and blue have one each");
            return usual;
        }

        return numbers;
    }

    private Resampling ReadResampling()
    {
        if (Value("resample") is not { } value)
        {
            return defaults.Resampling;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && Enum.IsDefined((Resampling)number))
        {
            return (Resampling)number;
        }

        _problems.Add(
            $"resample is {Shown(value)}; it must be 0 (nearest), 1 (Lanczos), 2 (bilinear), 3 (bicubic), 4 (box) or 5 (Hamming)");
        return defaults.Resampling;
    }

    private ResizeRule Size(bool isSquare)
    {
        const string key = "size";
        switch (Value(key))
        {
            case null:
                return defaults.Size;
            case { ValueKind: JsonValueKind.Number } number:
                var side = Side(key, number);
                return isSquare ? new ResizeRule.Exact(side, side) : new ResizeRule.ShortestEdge(side);
            case { ValueKind: JsonValueKind.Object } sides when Keys(sides) == "shortest_edge":
                return new ResizeRule.ShortestEdge(Side(key, sides.GetProperty("shortest_edge")));
            case { } value:
                return Pair(key, value) is { } pair ? new ResizeRule.Exact(pair.Height, pair.Width) : defaults.Size;
        }
    }

    private (int Height, int Width)? CropSize()
    {
        const string key = "crop_size";
        switch (Value(key))
        {
            case null:
                return defaults.Crop;
            case { ValueKind: JsonValueKind.Number } number:
                var side = Side(key, number);
                return (side, side);
            case { } value:
                return Pair(key, value);
        }
    }

    private (int Height, int Width)? Pair(string key, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array when value.GetArrayLength() == 2:
                return (Side(key, value[0]), Side(key, value[1]));
            case JsonValueKind.Object when Keys(value) == "height,width":
                return (Side(key, value.GetProperty("height")), Side(key, value.GetProperty("width")));
            default:
                _problems.Add($"{key} is {Shown(value)}; supported are a number, height and width{(key == "size" ? ", and shortest_edge alone" : "")}");
                return null;
        }
    }

    private int Side(string key, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var side) && side is >= 1 and <= MaxSide)
        {
            return side;
        }

        _problems.Add($"{key} has {Shown(value)}; it must be a whole number of pixels, 1 to {MaxSide}");
        return 1;
    }

    // Those that are not null, in the order of their names.
    private static string Keys(JsonElement sides) => string.Join(',', sides.EnumerateObject()
        .Where(side => side.Value.ValueKind != JsonValueKind.Null).Select(side => side.Name).Order(StringComparer.Ordinal));

    private static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : string.Create(CultureInfo.InvariantCulture, $"{text[..57]}...");
    }
}
