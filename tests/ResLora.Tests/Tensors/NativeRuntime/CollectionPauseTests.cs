using System.Runtime;
using ResLora.Tensors.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class CollectionPauseTests
{
    private const int Room = 8 << 20;

    [Fact]
    public void Between_LittleWasAllocated_CollectsNothingUntilMuchWas()
    {
        using var pause = new CollectionPause(Room);
        Assert.SkipUnless(pause.IsOwn, "this process cannot hold its collector back now");
        var before = GC.CollectionCount(0);

        Allocate(Room / 4);
        CollectionPause.Between();
        var early = GC.CollectionCount(0);
        Allocate(Room / 3);
        CollectionPause.Between();

        Assert.Equal(before, early);
        Assert.True(GC.CollectionCount(0) > early);
        Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Fact]
    public void Between_MoreThanTheRoomWasAllocated_GoesOn()
    {
        using var pause = new CollectionPause(Room);
        Assert.SkipUnless(pause.IsOwn, "this process cannot hold its collector back now");

        Allocate(20 * Room);
        CollectionPause.Between();

        Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Fact]
    public void Dispose_OfOneInsideOfAnother_LeavesTheOuter()
    {
        var mode = GCSettings.LatencyMode;
        using (var outer = new CollectionPause(Room))
        {
            Assert.SkipUnless(outer.IsOwn, "this process cannot hold its collector back now");
            using (var inner = new CollectionPause(Room))
            {
                Assert.False(inner.IsOwn);
                CollectionPause.Between();
            }

            Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
        }

        Assert.Equal(mode, GCSettings.LatencyMode);
    }

    [Fact]
    public void Between_OfOneInsideOfAnother_CollectsForTheOuter()
    {
        using var outer = new CollectionPause(Room);
        Assert.SkipUnless(outer.IsOwn, "this process cannot hold its collector back now");
        using var inner = new CollectionPause(Room);
        var before = GC.CollectionCount(0);

        Allocate(2 * Room);   // the outer pause has ended by itself
        CollectionPause.Between();

        Assert.True(GC.CollectionCount(0) > before);
        Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Fact]
    public void Constructor_InsideOfASmallerOne_HoldsWithTheLargerRoom()
    {
        using var outer = new CollectionPause(Room);
        Assert.SkipUnless(outer.IsOwn, "this process cannot hold its collector back now");
        using (var inner = new CollectionPause(4 * Room))
        {
            Assert.True(inner.IsOwn);
            var before = GC.CollectionCount(0);

            Allocate(Room);   // more than the share of the outer room, less than that of the inner
            CollectionPause.Between();

            Assert.Equal(before, GC.CollectionCount(0));
        }

        Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    [Fact]
    public void Dispose_OfTheOuterFirst_LeavesTheInnerAndThenNone()
    {
        var mode = GCSettings.LatencyMode;
        var outer = new CollectionPause(Room);
        Assert.SkipUnless(outer.IsOwn, "this process cannot hold its collector back now");
        var inner = new CollectionPause(4 * Room);

        outer.Dispose();
        var between = GCSettings.LatencyMode;
        inner.Dispose();

        Assert.Equal((GCLatencyMode.NoGCRegion, mode), (between, GCSettings.LatencyMode));
    }

    [Fact]
    public void Between_WithoutAPause_CollectsNothing()
    {
        var mode = GCSettings.LatencyMode;

        CollectionPause.Between();

        Assert.Equal(mode, GCSettings.LatencyMode);
    }

    private static void Allocate(int bytes)
    {
        const int piece = 10_000;
        for (var done = 0; done < bytes; done += piece)
        {
            GC.KeepAlive(new byte[piece]);
        }
    }
}
