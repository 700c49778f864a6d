using System.Reflection;
using NetArchTest.Rules;
using ResLora.Adapters;
using ResLora.Experiments.Verification;
using ResLora.Formats;
using ResLora.Hub;
using ResLora.Images;
using ResLora.Models;
using ResLora.Statistics;
using ResLora.Tensors;
using ResLora.Text.Tokenization;
using ResLora.Training;
using Xunit;

namespace ResLora.Tests.Architecture;

/// <summary>Who may know whom (docs/adr/0001-project-layout.md, docs/adr/0009-libraries-without-tensors.md).</summary>
public sealed class DependencyTests
{
    private static readonly Assembly[] _libraries =
    [
        typeof(ByteSize).Assembly,
        typeof(HubClient).Assembly,
        typeof(Interval).Assembly,
        typeof(Shapes).Assembly,
        typeof(Tokenizer).Assembly,
        typeof(PixelImage).Assembly,
        typeof(ResLoraMath).Assembly,
        typeof(ModelRegistry).Assembly,
        typeof(ModelSession).Assembly,
        typeof(Verifier).Assembly,
    ];

    [Theory]
    [InlineData("ResLora.Formats", new[]
    {
        "ResLora.Hub", "ResLora.Statistics", "ResLora.Tensors", "ResLora.Text", "ResLora.Images", "ResLora.Adapters", "ResLora.Models", "ResLora.Training",
        "ResLora.Experiments", "ResLora.Cli",
    })]
    [InlineData("ResLora.Hub", new[]
    {
        "ResLora.Statistics", "ResLora.Tensors", "ResLora.Text", "ResLora.Images", "ResLora.Adapters", "ResLora.Models", "ResLora.Training",
        "ResLora.Experiments", "ResLora.Cli",
    })]
    [InlineData("ResLora.Statistics", new[]
    {
        "ResLora.Hub", "ResLora.Tensors", "ResLora.Text", "ResLora.Images", "ResLora.Adapters", "ResLora.Models", "ResLora.Training", "ResLora.Experiments",
        "ResLora.Cli",
    })]
    [InlineData("ResLora.Tensors", new[] { "ResLora.Hub", "ResLora.Text", "ResLora.Images", "ResLora.Adapters", "ResLora.Models", "ResLora.Training", "ResLora.Experiments", "ResLora.Cli" })]
    [InlineData("ResLora.Text", new[] { "ResLora.Hub", "ResLora.Tensors", "ResLora.Images", "ResLora.Adapters", "ResLora.Models", "ResLora.Training", "ResLora.Experiments", "ResLora.Cli" })]
    [InlineData("ResLora.Images", new[] { "ResLora.Hub", "ResLora.Tensors", "ResLora.Adapters", "ResLora.Models", "ResLora.Training", "ResLora.Experiments", "ResLora.Cli" })]
    [InlineData("ResLora.Adapters", new[] { "ResLora.Hub", "ResLora.Text", "ResLora.Images", "ResLora.Models", "ResLora.Training", "ResLora.Experiments", "ResLora.Cli" })]
    [InlineData("ResLora.Models", new[] { "ResLora.Hub", "ResLora.Text", "ResLora.Images", "ResLora.Adapters", "ResLora.Training", "ResLora.Experiments", "ResLora.Cli" })]
    [InlineData("ResLora.Training", new[] { "ResLora.Hub", "ResLora.Experiments", "ResLora.Cli" })]
    [InlineData("ResLora.Experiments", new[] { "ResLora.Cli" })]
    public void Library_OfALowerLayer_DoesNotKnowTheLayersAbove(string library, string[] forbidden)
    {
        var types = Types.InAssembly(_libraries.Single(assembly => assembly.GetName().Name == library));

        AssertNone(types.That().HaveDependencyOnAny(forbidden));
    }

    [Fact]
    public void Check_OfADependencyThatIsThere_FindsIt()
    {
        var types = Types.InAssembly(typeof(ResLoraMath).Assembly);

        var found = types.That().HaveDependencyOnAny("ResLora.Formats").GetTypes();

        Assert.Contains(typeof(AdapterStore), found);
    }

    [Theory]
    [InlineData("ResLora.Training.Evaluation")]
    [InlineData("ResLora.Training.Generation")]
    [InlineData("ResLora.Training.Merging")]
    public void Folder_BesideTheTrainingLoop_DoesNotKnowIt(string folder)
    {
        var types = Types.InAssembly(typeof(ModelSession).Assembly);

        AssertNone(types.That().ResideInNamespace(folder).And().HaveDependencyOn("ResLora.Training.Loop"));
    }

    [Theory]
    [InlineData("ResLora.Formats")]
    [InlineData("ResLora.Hub")]
    [InlineData("ResLora.Statistics")]
    [InlineData("ResLora.Text")]
    [InlineData("ResLora.Images")]
    public void Library_WithoutTensors_NeedsNeitherTorchSharpNorWhatNeedsIt(string library)
    {
        var assembly = _libraries.Single(assembly => assembly.GetName().Name == library);
        var tensors = _libraries.Where(other => References(other).Contains("TorchSharp")).Select(other => other.GetName().Name!).ToArray();

        var needed = References(assembly).Where(name => name == "TorchSharp" || tensors.Contains(name));

        Assert.Contains("ResLora.Tensors", tensors);
        Assert.Empty(needed);
    }

    [Fact]
    public void Libraries_BelowTheTool_DoNotWriteToTheConsole()
    {
        var types = Types.InAssemblies(_libraries);

        AssertNone(types.That().HaveDependencyOnAny("System.Console", "Spectre.Console", "System.CommandLine"));
    }

    [Theory]
    [InlineData("Polly", "ResLora.Hub")]
    [InlineData("Parquet", "ResLora.Text")]
    [InlineData("CsvHelper", "ResLora.Text")]
    [InlineData("MathNet", "ResLora.Statistics")]
    [InlineData("YamlDotNet", "ResLora.Experiments")]
    [InlineData("ScottPlot", "ResLora.Experiments")]
    public void Package_OfOneLibrary_IsUsedByNoOther(string package, string library)
    {
        var types = Types.InAssemblies(_libraries.Where(assembly => assembly.GetName().Name != library));

        AssertNone(types.That().HaveDependencyOn(package));
    }

    [Fact]
    public void NativeCode_IsCalledFromItsOwnFoldersOnly()
    {
        const BindingFlags everything =
            BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

        var callers = _libraries
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.GetMethods(everything).Any(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl)))
            .Where(type => type.Namespace is not ("ResLora.Formats.NativeRuntime" or "ResLora.Tensors.NativeRuntime"))
            .Select(type => type.FullName);

        Assert.Empty(callers);
    }

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!);

    private static void AssertNone(PredicateList offenders) => Assert.Empty(offenders.GetTypes().Select(type => type.FullName));
}
