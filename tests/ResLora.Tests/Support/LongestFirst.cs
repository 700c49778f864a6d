using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ResLora.Tests.Support.LongestFirst))]

namespace ResLora.Tests.Support;

/// <summary>Begins with the classes that take minutes, so that none of them is left over for one processor at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] _long =
    [
        "VerifyTests", "TextToImageWorkloadTests", "ExportPlanTests", "RanksTests", "FarmTests", "PipelineTests", "TrainAndAnswerTests",
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(Place)];

    // A collection's name is "Test collection for NAMESPACE.CLASS (id: ...)".
    private static int Place<TTestCollection>(TTestCollection collection) where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(_long, name => collection.TestCollectionDisplayName.Contains($".{name} ", StringComparison.Ordinal));
        return place < 0 ? _long.Length : place;
    }
}
