using System.CommandLine;
using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Verbs;

/// <summary><c>--dtype</c>.</summary>
internal static class DataTypes
{
    /// <summary>The option.</summary>
    public static Option<string> Option(string value) => new("--dtype")
    {
        Description = "The type of frozen weights and activations: bfloat16 or float32.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => value,
    };

    /// <summary>What was asked for.</summary>
    /// <exception cref="ConfigException">There is no such type.</exception>
    public static ScalarType Read(ParseResult line, Option<string> option) => line.GetValue(option) switch
    {
        "bfloat16" => ScalarType.BFloat16,
        "float32" => ScalarType.Float32,
        var other => throw new ConfigException($"--dtype is '{other}'; it must be bfloat16 or float32."),
    };
}
