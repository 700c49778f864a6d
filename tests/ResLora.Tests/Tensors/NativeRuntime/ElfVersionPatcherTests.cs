using System.Buffers.Binary;
using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class ElfVersionPatcherTests
{
    private const int DynamicOffset = 64 + (2 * 56);
    private const int NeedsOffset = DynamicOffset + (5 * 16);

    [Fact]
    public void Weaken_VersionNeeded_SetsOneFlagAndNothingElse()
    {
        var image = SyntheticElf.Build();
        var expected = SyntheticElf.Build();
        expected[SyntheticElf.WantedFlags] = 2;

        var changed = ElfVersionPatcher.Weaken(image, SyntheticElf.Version);

        Assert.True(changed);
        Assert.Equal(expected, image);
    }

    [Fact]
    public void Weaken_OtherFlagsSet_KeepsThem()
    {
        var image = SyntheticElf.Build(flags: 0x101);

        var changed = ElfVersionPatcher.Weaken(image, SyntheticElf.Version);

        Assert.True(changed);
        Assert.Equal(0x103, BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(SyntheticElf.WantedFlags)));
    }

    [Theory]
    [InlineData("LIB_3.0", 0)]       // not there
    [InlineData("LIB_2.", 0)]        // only the beginning of a name
    [InlineData("LIB_2.0.1", 0)]     // a string of the table that nothing needs
    [InlineData("LIB_2.0", 2)]       // weak already
    public void Weaken_NothingToDo_ChangesNothing(string version, int flags)
    {
        var image = SyntheticElf.Build((ushort)flags);

        var changed = ElfVersionPatcher.Weaken(image, version);

        Assert.False(changed);
        Assert.Equal(SyntheticElf.Build((ushort)flags), image);
    }

    [Fact]
    public void Weaken_NoNeededVersions_ChangesNothing()
    {
        var image = SyntheticElf.Build();
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(DynamicOffset), 0);  // ends the dynamic segment at once

        Assert.False(ElfVersionPatcher.Weaken(image, SyntheticElf.Version));
    }

    [Fact]
    public void Weaken_Truncated_ThrowsFileFormatExceptionAtEveryLength()
    {
        var whole = SyntheticElf.Build();

        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<FileFormatException>(() => ElfVersionPatcher.Weaken(whole.AsSpan(0, length).ToArray(), SyntheticElf.Version));
        }
    }

    [Fact]
    public void Weaken_EntryChainStandsStill_ThrowsInsteadOfTurningInCircles()
    {
        var image = SyntheticElf.Build();
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(NeedsOffset + 2), ushort.MaxValue);  // 65,535 versions, all in one place

        var exception = Assert.Throws<FileFormatException>(() => ElfVersionPatcher.Weaken(image, SyntheticElf.Version));

        Assert.Contains("more entries", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weaken_RandomDamage_ReturnsOrThrowsFileFormatException()
    {
        var random = new Random(20240229);
        ulong[] nasty = [0, 1, 15, 0x7fff_ffff, 0x8000_0000, uint.MaxValue, long.MaxValue, ulong.MaxValue, ulong.MaxValue - 15];
        var refused = 0;

        for (var round = 0; round < 20_000; round++)
        {
            var image = SyntheticElf.Build();
            for (var damage = random.Next(1, 4); damage > 0; damage--)
            {
                var at = random.Next(6, image.Length - 8);
                var value = random.Next(2) == 0 ? nasty[random.Next(nasty.Length)] : (ulong)random.NextInt64();
                switch (random.Next(3))
                {
                    case 0: image[at] = (byte)value; break;
                    case 1: BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(at), (uint)value); break;
                    default: BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(at), value); break;
                }
            }

            // Any other exception fails the test.
            try
            {
                ElfVersionPatcher.Weaken(image, SyntheticElf.Version);
            }
            catch (FileFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 19_000);  // the damage reaches both ways out
    }
}
