using NetArchTest.Rules;
using ResLora.Experiments.Verification;
using ResLora.Models;
using ResLora.Training;
using Xunit;

namespace ResLora.Tests.Architecture;

/// <summary>A family of models is one folder and one line of the registry (docs/adr/0010-families.md).</summary>
public sealed class FamilyTests
{
    [Fact]
    public void Network_OfAFamily_IsKnownToItsOwnFolderAndTheRegistryOnly()
    {
        var networks = typeof(Network).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Network)) && !type.IsAbstract);
        string[] folders = [.. networks.Select(type => type.Namespace!).Distinct()];
        var everything = Types.InAssemblies([typeof(Network).Assembly, typeof(ModelSession).Assembly, typeof(Verifier).Assembly]);

        Assert.Contains("ResLora.Models.Llama", folders);
        foreach (var folder in folders)
        {
            var users = everything.That().HaveDependencyOn(folder).And().DoNotResideInNamespace(folder).GetTypes();

            Assert.Equal([typeof(ModelRegistry).FullName], users.Select(type => type.FullName));
        }
    }
}
